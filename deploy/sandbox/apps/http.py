"""The least HTTP that a health probe needs: one request a connection, answered and closed."""

import socket
from collections.abc import Callable
from dataclasses import dataclass

from deploy.sandbox.acceptor import Acceptor
from deploy.sandbox.apps import websocket

MAX_HEAD = 8192
REASONS = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    404: "Not Found",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and its type."""

    status: int
    body: str
    type: str = JSON


@dataclass(frozen=True, slots=True)
class Site:
    """What a service serves: `handle(method, path)`, and the frames of `/ws` when it has one."""

    handle: Callable[[str, str], Answer]
    ticks: Callable[[Callable[[bytes], None]], None] | None = None


class Server:
    """Listens from its making on; a thread per connection."""

    def __init__(self, address: str, port: int, site: Site) -> None:
        self._site = site
        listener = socket.create_server((address, port), backlog=64)
        self.port: int = listener.getsockname()[1]
        self._acceptor = Acceptor(listener, "http", self._serve)

    def close(self) -> None:
        """The port is free when this returns."""
        self._acceptor.close()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                head, rest = _read_head(connection)
                if head:
                    self._answer(connection, head, rest)
        except OSError:
            return  # the client left

    def _answer(self, connection: socket.socket, head: str, rest: bytes) -> None:
        first, *lines = head.split("\r\n")
        words = first.split(" ")
        if len(words) < 2:
            return
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        path = words[1].partition("?")[0]
        key = headers.get("sec-websocket-key")
        if path == "/ws" and key and self._site.ticks is not None:
            connection.sendall(websocket.handshake(key))
            self._site.ticks(connection.sendall)
            return
        _skip_body(connection, int(headers.get("content-length", "0") or 0) - len(rest))
        answer = self._site.handle(words[0], path)
        body = answer.body.encode()
        connection.sendall(
            f"HTTP/1.1 {answer.status} {REASONS[answer.status]}\r\nContent-Type: {answer.type}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode("ascii")
            + body
        )


def _read_head(connection: socket.socket) -> tuple[str, bytes]:
    data = b""
    while b"\r\n\r\n" not in data and len(data) < MAX_HEAD:
        more = connection.recv(MAX_HEAD)
        if not more:
            return "", b""
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    return head.decode("latin-1"), rest


def _skip_body(connection: socket.socket, left: int) -> None:
    while left > 0:
        more = connection.recv(min(left, 65536))
        if not more:
            return
        left -= len(more)
