"""The daemon's control socket: one line of JSON asks, one line answers."""

import contextlib
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deploy.sandbox.acceptor import Acceptor
from deploy.sandbox.fleet.fleet import Fleet
from deploy.sandbox.machine.kernel import KernelError
from deploy.sandbox.machine.socket_path import address

NAME = "control.sock"


class Control:
    """Answers until closed. `stop` is called, once, when somebody asks for the end."""

    def __init__(self, folder: Path, fleet: Fleet, stop: Callable[[], None]) -> None:
        self._fleet, self._stop, self._path = fleet, stop, folder / NAME
        self._path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with address(folder, NAME) as path:
            listener.bind(path)
        self._path.chmod(0o600)
        listener.listen(16)
        self._acceptor = Acceptor(listener, "control", self._serve)

    def close(self) -> None:
        """Takes no more requests."""
        self._acceptor.close()
        self._path.unlink(missing_ok=True)

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection, connection.makefile("rwb") as stream:
            for line in stream:
                stream.write(json.dumps(self._answer(line)).encode() + b"\n")
                stream.flush()

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            return {"ok": self._carry_out(json.loads(line))}
        except (LookupError, ValueError, KernelError, OSError) as exc:
            return {"error": str(exc.args[0] if isinstance(exc, KeyError) else exc)}

    def _carry_out(self, request: dict[str, Any]) -> Any:
        fleet = self._fleet
        table: dict[str, Callable[[], Any]] = {
            "status": fleet.status,
            "fault": lambda: fleet.fault(request["host"], request["fault"]),
            "clear": lambda: fleet.clear(request["host"]),
            "power": lambda: fleet.power(request["host"], bool(request["on"])),
            "traffic": lambda: fleet.traffic(request["host"]),
            "task-interval": lambda: fleet.task_interval(float(request["seconds"])),
            "fire-tasks": lambda: fleet.fire_tasks(request["host"]),
            "stop": self._stop,
        }
        if request["do"] not in table:
            raise ValueError(f"request {request['do']!r} is unknown")
        return table[request["do"]]()
