"""file.fetch: pulled by the host, verified, and what can go wrong on the way."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.contract.connection import Connection, sha256, step
from tests.contract.host_half import HostHalf

CONTENT = bytes(range(256)) * 8192
PATH = r"C:\TradingSystem\cache\big file.zip"


class _Store(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.headers.get("Authorization") != "Bearer token":
            self.send_error(401)
        elif self.path == "/gone":
            self.send_error(404)
        else:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(CONTENT)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        return


@pytest.fixture
def store() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Store)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def fetch(url: str, **changes: Any) -> dict[str, Any]:
    args = {"path": PATH, "sha256": sha256(CONTENT), "size": len(CONTENT), "headers": {"Authorization": "Bearer token"}}
    return step("file.fetch", url=url, **{**args, **changes})


def test_fetched_once(worker: Connection, host: HostHalf, store: str) -> None:
    assert worker.apply(fetch(f"{store}/a"), dry=True)[0]["changed"]
    assert not host.path(PATH).exists()
    assert worker.apply(fetch(f"{store}/a"))[0]["changed"]
    assert host.path(PATH).read_bytes() == CONTENT
    assert not worker.apply(fetch(f"{store}/gone"))[0]["changed"], "it is there already"


BAD: dict[str, tuple[str, dict[str, Any], str]] = {
    "not there": ("/gone", {}, "missing"),
    "not allowed": ("/a", {"headers": {}}, "unreachable"),
    "other bytes": ("/a", {"sha256": "0" * 64}, "checksum"),
    "more bytes": ("/a", {"size": 1000}, "checksum"),
    "fewer bytes": ("/a", {"size": len(CONTENT) + 1}, "checksum"),
    "outside": ("/a", {"path": r"C:\Windows\evil"}, "bad-request"),
}


@pytest.mark.parametrize(("path", "changes", "code"), BAD.values(), ids=BAD.keys())
def test_what_goes_wrong(
    worker: Connection, host: HostHalf, store: str, path: str, changes: dict[str, Any], code: str
) -> None:
    answer = worker.ask("apply", {"steps": [fetch(store + path, **changes)]})
    assert answer.code == code
    assert "token" not in str(answer.error)
    assert not host.path(PATH).exists()


@pytest.mark.parametrize(("url", "code"), [("http://127.0.0.1:1/", "unreachable"), ("ftp://x/", "bad-request")])
def test_nobody_there(worker: Connection, url: str, code: str) -> None:
    assert worker.ask("apply", {"steps": [fetch(url)]}).code == code
