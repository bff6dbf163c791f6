"""A listening socket of a host, plain or TLS; a thread per connection."""

import contextlib
import socket
import socketserver
import ssl
import threading
from http.server import HTTPServer
from typing import TYPE_CHECKING, Any

from deploy.sandbox.wsman.connection import Connection

if TYPE_CHECKING:
    from deploy.sandbox.wsman.server import WsmanHost

HANDSHAKE_TIMEOUT_S = 30.0
ACCEPT_RETRY_S = 0.05


class Listener(socketserver.ThreadingMixIn, HTTPServer):
    """Accepts for one host; raises OSError when the port is taken."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 512

    def __init__(self, host: "WsmanHost", address: tuple[str, int], tls: ssl.SSLContext | None) -> None:
        self.host = host
        self._tls = tls
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._stopping = threading.Event()
        super().__init__(address, Connection)

    @property
    def secure(self) -> bool:
        """Whether this is HTTPS."""
        return self._tls is not None

    def start(self) -> None:
        """Accepts from now on."""
        threading.Thread(target=self._accept, name="listener", daemon=True).start()

    def stop(self) -> None:
        """Closes the port and every connection."""
        self._stopping.set()
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)  # wakes whoever waits in accept
        self.server_close()
        self.drop_connections()

    def _accept(self) -> None:
        """Not serve_forever: its polling would keep a processor busy with a hundred idle hosts."""
        while not self._stopping.is_set():
            try:
                request, address = self.get_request()
            except OSError:
                self._stopping.wait(ACCEPT_RETRY_S)
                continue
            self.process_request(request, address)

    def drop_connections(self) -> None:
        """Breaks every connection that is open."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            self.close_socket(connection)

    def server_bind(self) -> None:
        """Without the name lookup of HTTPServer, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.host.name, self.server_address[1]

    def finish_request(self, request: Any, client_address: Any) -> None:
        """The TLS handshake is the connection's own affair: a slow one must not hold up others."""
        connection = request
        try:
            if self._tls is not None:
                request.settimeout(HANDSHAKE_TIMEOUT_S)
                connection = self._tls.wrap_socket(request, server_side=True)
            with self._lock:
                self._open.add(connection)
            super().finish_request(connection, client_address)
        finally:
            with self._lock:
                self._open.discard(connection)
            if connection is not request:
                connection.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients come and go, handshakes fail: none of that is the server's defect."""

    @staticmethod
    def close_socket(connection: socket.socket) -> None:
        """Wakes whoever reads or writes there, then closes."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(connection, socket.SHUT_RDWR)

    @staticmethod
    def certificate_user(connection: socket.socket) -> str | None:
        """The CN of the client's certificate; the handshake has checked that our CA signed it."""
        if not isinstance(connection, ssl.SSLSocket):
            return None
        subject: Any = (connection.getpeercert() or {}).get("subject", ())
        return next((value for part in subject for name, value in part if name == "commonName"), None)
