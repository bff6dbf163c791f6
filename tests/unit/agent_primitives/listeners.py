"""Real servers for probes and downloads."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Listener:
    """`answers`: path → status and body, in the order of requests, the last one for good. `seen`: what was asked."""

    url: str
    answers: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    stalled: threading.Event = field(default_factory=threading.Event)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


@contextmanager
def http_listener() -> Iterator[Listener]:
    """A path without an answer gets 404; a body of b"stall" is never sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            listener.seen.append((self.command, self.path, dict(self.headers)))
            answers = listener.answers.get(self.path, [(404, b"")])
            status, body = answers[0] if len(answers) == 1 else answers.pop(0)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if body == b"stall":
                listener.stalled.wait(20)
                return
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener = Listener(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield listener
    finally:
        listener.stalled.set()
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def raw_listener(reply: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A port that answers each connection's first bytes with `reply`; and what those bytes were."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(5)
                    seen.append(connection.recv(4096))
                    connection.sendall(reply)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1], seen
        finally:
            ended.set()
            thread.join()
