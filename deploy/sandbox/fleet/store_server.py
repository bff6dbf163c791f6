"""The store for hosts: a folder served read-only over HTTP on a loopback address."""

import http.server
import socketserver
import threading
from functools import partial
from typing import Any

from deploy.sandbox.fleet.spec import StoreSpec


class _Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Silent."""

    def list_directory(self, path: Any) -> None:
        """Files only: who wants a folder has a wrong address."""
        self.send_error(404)


class StoreServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Serves until `stop`; raises OSError when the port is taken."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, spec: StoreSpec) -> None:
        super().__init__((spec.address, spec.port), partial(_Handler, directory=spec.folder))
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), name="store", daemon=True)
        self._thread.start()

    def server_bind(self) -> None:
        """Without HTTPServer's name lookup."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def stop(self) -> None:
        """Closes the port."""
        self.shutdown()
        self._thread.join()
        self.server_close()
