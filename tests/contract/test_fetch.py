"""file.fetch: pulled by the host, verified, and what can go wrong on the way."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.contract.connection import Connection, sha256, step
from tests.contract.host_half import HostHalf

CONTENT = bytes(range(256)) * 256
PIECE, PIECES = hashlib.sha256(b"seed").digest() * 32768, 100
PATH = r"C:\TradingSystem\cache\big file.zip"


class _Store(ThreadingHTTPServer):
    """`/large` is 100 MiB; `/slow` never comes to an end before the test does."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.over = threading.Event()


class _Answers(BaseHTTPRequestHandler):
    server: _Store

    def do_GET(self) -> None:
        if self.headers.get("Authorization") != "Bearer token":
            self.send_error(401)
        elif self.path == "/gone":
            self.send_error(404)
        elif self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "/a")
            self.end_headers()
        else:
            self.send_response(200)
            self.end_headers()
            self._body()

    def _body(self) -> None:
        if self.path == "/large":
            for _ in range(PIECES):
                self.wfile.write(PIECE)
        elif self.path == "/slow":
            while not self.server.over.wait(0.02):
                self.wfile.write(b"x")
        else:
            self.wfile.write(CONTENT)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        return

    def finish(self) -> None:
        try:
            super().finish()
        except OSError:
            return  # the host had enough


@pytest.fixture
def store() -> Iterator[str]:
    server = _Store()
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a host that hangs up is what some ask for
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def fetch(url: str, deadline_s: float = 30, **changes: Any) -> dict[str, Any]:
    args = {"path": PATH, "sha256": sha256(CONTENT), "size": len(CONTENT), "headers": {"Authorization": "Bearer token"}}
    return step("file.fetch", deadline_s=deadline_s, url=url, **{**args, **changes})


def test_fetched_once(worker: Connection, host: HostHalf, store: str) -> None:
    assert worker.change(fetch(f"{store}/a"), dry=True) == [True]
    assert not host.path(PATH).exists()
    assert worker.change(fetch(f"{store}/a")) == [True]
    assert host.path(PATH).read_bytes() == CONTENT
    assert worker.change(fetch(f"{store}/gone")) == [False], "it is there already"
    assert worker.change(fetch(f"{store}/gone"), dry=True) == [False]
    host.path(PATH).write_bytes(b"damaged")
    assert worker.change(fetch(f"{store}/a")) == [True]
    assert host.path(PATH).read_bytes() == CONTENT


def test_a_hundred_megabytes_are_pulled(worker: Connection, host: HostHalf, store: str) -> None:
    whole = hashlib.sha256()
    for _ in range(PIECES):
        whole.update(PIECE)
    size = PIECES * len(PIECE)
    large = fetch(f"{store}/large", deadline_s=120, sha256=whole.hexdigest(), size=size)
    assert worker.change(large) == [True]
    assert host.path(PATH).stat().st_size == size
    with host.path(PATH).open("rb") as pulled:
        assert hashlib.file_digest(pulled, "sha256").hexdigest() == whole.hexdigest()
    assert [path.name for path in host.path(PATH).parent.iterdir()] == ["big file.zip"]


BAD: dict[str, tuple[str, dict[str, Any], str]] = {
    "not there": ("/gone", {}, "missing"),
    "not allowed": ("/a", {"headers": {}}, "unreachable"),
    "elsewhere": ("/redirect", {}, "unreachable"),
    "other bytes": ("/a", {"sha256": "0" * 64}, "checksum"),
    "more bytes": ("/a", {"size": 1000}, "checksum"),
    "fewer bytes": ("/a", {"size": len(CONTENT) + 1}, "checksum"),
    "never all of them": ("/slow", {"deadline_s": 0.5}, "timeout"),
    "outside": ("/a", {"path": r"C:\Windows\evil"}, "bad-request"),
    "no size": ("/a", {"size": "large"}, "bad-request"),
}


def test_what_goes_wrong(worker: Connection, host: HostHalf, store: str) -> None:
    for name, (path, changes, code) in BAD.items():
        answer = worker.ask("apply", {"steps": [fetch(store + path, **changes)]})
        assert answer.code == code, f"{name}: {answer.error}"
        assert "token" not in str(answer.error), name
        assert not host.path(PATH).exists(), name
    for url, code in (("http://127.0.0.1:1/", "unreachable"), ("ftp://x/", "bad-request"), ("", "bad-request")):
        assert worker.refusal(fetch(url)) == code, url
    host.path(PATH).mkdir()
    assert worker.refusal(fetch(f"{store}/a")) == "exists"
