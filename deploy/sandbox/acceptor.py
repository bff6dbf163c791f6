"""Connections of a listening socket, each in a thread of its own."""

import contextlib
import socket
import threading
from collections.abc import Callable


class Acceptor:
    """Hands every connection to `serve` until closed; `name` is its threads'."""

    def __init__(self, listener: socket.socket, name: str, serve: Callable[[socket.socket], None]) -> None:
        self._listener, self._name, self._serve = listener, name, serve
        threading.Thread(target=self._accept, name=name, daemon=True).start()

    def close(self) -> None:
        """Takes no new connections; the port is free when this returns."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes whoever waits in accept
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), name=f"{self._name}-call", daemon=True).start()
