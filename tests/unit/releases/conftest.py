"""Stores over a folder and over real HTTP, and a source tree that changes on demand."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deploy.model.secret import Secret
from deploy.releases.store import DirectoryStore, HttpStore, Store

TOKEN = Secret("canary-store-token")


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder; takes PUT when `writable`, with the bearer token when `token` is set."""

    writable = True
    token = ""
    status = 0

    def do_GET(self) -> None:
        if self.status:
            self.send_error(self.status)
        elif self._allowed():
            super().do_GET()

    def do_PUT(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if not self._allowed():
            return
        path = Path(self.translate_path(self.path))
        if not self.writable:
            self.send_error(405)
        elif self.headers.get("If-None-Match") == "*" and path.exists():
            self.send_error(412)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def _allowed(self) -> bool:
        allowed = not self.token or self.headers.get("Authorization") == f"Bearer {self.token}"
        if not allowed:
            self.send_error(401)
        return allowed


Served = Callable[[type[Handler]], str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a store."""
    path = tmp_path / "store"
    path.mkdir()
    return path


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    """Serves `folder` with a kind of handler; gives the URL."""
    servers: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def serve(kind: type[Handler]) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(kind, directory=str(folder)))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(params=["directory", "http"])
def store(request: pytest.FixtureRequest, folder: Path, served: Served, tmp_path: Path) -> Store:
    """An empty store of either kind."""
    if request.param == "directory":
        return DirectoryStore(folder)
    (folder / "index.json").write_text('{"files": [], "format": 1}')
    return HttpStore(served(Handler), tmp_path / "cache")


class Tree:
    """A source tree below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()

    def artifact(self, name: str, files: dict[str, str], toml: str = 'entry = "Main.exe"\n') -> Path:
        """Writes one artifact's folder."""
        for rel, content in {"artifact.toml": toml, **files}.items():
            path = self.root / name / rel
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return self.root / name


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A source tree with one artifact."""
    made = Tree(tmp_path / "src")
    made.artifact("order-manager", {"Main.exe": "MZ", "lib/a.dll": "a"})
    return made
