"""The kernel's door: a Unix socket where processes of the machine make system calls, one thread per connection."""

import json
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploy.sandbox.acceptor import Acceptor
from deploy.sandbox.machine.calls import Calls, invoke
from deploy.sandbox.machine.kernel import KernelError
from deploy.sandbox.machine.processes import alive
from deploy.sandbox.machine.socket_path import NAME, address

if TYPE_CHECKING:
    from deploy.sandbox.machine.machine import Machine


class KernelServer:
    """Lines of JSON: `["name", [arguments]]` is answered by `{"ok": …}` or `{"error": [code, message]}`."""

    def __init__(self, machine: "Machine", folder: Path) -> None:
        self._machine, self._folder = machine, folder
        (folder / NAME).unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with address(folder) as path:
            listener.bind(path)
        (folder / NAME).chmod(0o600)
        listener.listen(64)
        self._acceptor = Acceptor(listener, "kernel", self._serve)

    def close(self) -> None:
        """Takes no new connections."""
        self._acceptor.close()
        (self._folder / NAME).unlink(missing_ok=True)

    def _serve(self, connection: socket.socket) -> None:
        pid = _peer(connection)
        calls = Calls(self._machine, pid)
        try:
            with connection, connection.makefile("rwb") as stream:
                for line in stream:
                    if not alive(pid):
                        return  # it died with its request on the way; a later boot must not see it carried out
                    stream.write(_answer(calls, line))
                    stream.flush()
        except OSError:
            return
        finally:
            calls.close()


def _answer(calls: Calls, line: bytes) -> bytes:
    answer: dict[str, Any]
    try:
        name, arguments = json.loads(line)
        answer = {"ok": invoke(calls, name, arguments)}
    except KernelError as exc:
        answer = {"error": [exc.code, str(exc)]}
    except Exception as exc:  # noqa: BLE001  # a caller must never wait for an answer that doesn't come
        answer = {"error": [31, f"{type(exc).__name__}: {exc}"]}
    return json.dumps(answer).encode("ascii") + b"\n"


def _peer(connection: socket.socket) -> int:
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid: int = struct.unpack("3i", data)[0]
    return pid
