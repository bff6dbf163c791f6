"""Starting, asking and ending a fleet's daemon from outside."""

import datetime as dt
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from deploy.sandbox.fleet import control, spec
from deploy.sandbox.fleet.folder import FleetFolder, prepare
from deploy.sandbox.fleet.identity import ProcessIdentity, identify
from deploy.sandbox.fleet.spec import FleetSpec
from deploy.sandbox.machine.processes import ProcessTable
from deploy.sandbox.machine.socket_path import address

if sys.platform != "win32":  # simulated hosts run elsewhere only; reading this module works everywhere
    import fcntl

START_DEADLINE_S = 300.0
"""The first Wine machine of a computer takes half a minute; a daemon that ended is noticed at once."""
STOP_DEADLINE_S = 30.0
PORT_GRACE_S = 5.0
LOOK_S = 0.02
CODE_ROOT = Path(__file__).parents[3]


class FleetError(Exception):
    """It can't be done; the message says why. `taken` is the address and port that somebody else has."""

    def __init__(self, message: str, taken: tuple[str, int] | None = None) -> None:
        super().__init__(message)
        self.taken = taken


class FleetClient:
    """A fleet by its folder."""

    def __init__(self, path: Path) -> None:
        self.folder = FleetFolder(path.absolute())

    def running(self) -> bool:
        """Whether its daemon lives."""
        return self._identity() is not None

    def start(self, wanted: FleetSpec) -> bool:
        """Starts the daemon and waits until every host answers; False when it ran already. Raises FleetError."""
        with self._alone():
            return self._start(wanted)

    def _start(self, wanted: FleetSpec) -> bool:
        if self.running():
            if spec.read(self.folder.path) != wanted:
                raise FleetError("the sandbox runs already, with other hosts, addresses or engine")
            return False
        # The threads of a daemon that was killed keep its ports for a moment.
        grace_s = PORT_GRACE_S if self._recorded() else 0.0
        self._sweep()
        for place in wanted.addresses():
            if not _wait(partial(_free, place), grace_s):
                raise FleetError(f"{place[0]} port {place[1]} is taken by another process", place)
        prepare(self.folder, wanted, dt.datetime.now(dt.UTC))
        spec.write(self.folder.path, wanted)
        identity = identify(self._spawn())
        self.folder.process.write_text(json.dumps(identity.as_json()), "utf-8")
        self._await_answer(identity)
        return True

    def stop(self) -> bool:
        """Ends the daemon and what it started; False when there was nothing to end."""
        with self._alone():
            return self._stop()

    def _stop(self) -> bool:
        identity = self._identity()
        if identity is None:
            self._sweep()
            return False
        try:
            self.ask({"do": "stop"})
        except FleetError:
            identity.signal(signal.SIGTERM)
        if not _wait(lambda: not identity.alive(), STOP_DEADLINE_S):
            identity.signal(signal.SIGKILL)
            _wait(lambda: not identity.alive(), STOP_DEADLINE_S)
        self._sweep()
        return True

    def ask(self, request: dict[str, Any]) -> Any:
        """One request to the daemon; raises FleetError when it refuses or does not answer."""
        try:
            with self._connection() as stream:
                stream.write(json.dumps(request).encode() + b"\n")
                stream.flush()
                line = stream.readline()
        except OSError as exc:
            raise FleetError(f"the sandbox's daemon does not answer ({exc})") from exc
        if not line:
            raise FleetError("the sandbox's daemon ended without an answer")
        answer = json.loads(line)
        if "error" in answer:
            raise FleetError(answer["error"])
        return answer["ok"]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One starts or stops this fleet at a time; others wait."""
        self.folder.path.mkdir(parents=True, exist_ok=True)
        with (self.folder.path / "lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection,
            address(self.folder.path, control.NAME) as path,
        ):
            connection.settimeout(STOP_DEADLINE_S)
            connection.connect(path)
            with connection.makefile("rwb") as stream:
                yield stream

    def _identity(self) -> ProcessIdentity | None:
        identity = self._recorded()
        return identity if identity and identity.alive() else None

    def _recorded(self) -> ProcessIdentity | None:
        if not self.folder.process.exists():
            return None
        return ProcessIdentity.from_json(json.loads(self.folder.process.read_text("utf-8")))

    def _spawn(self) -> int:
        """Starts the daemon in a session of its own; no object here stands for it, it is meant to outlive us."""
        log = os.open(self.folder.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        try:
            return os.posix_spawn(
                sys.executable,
                [sys.executable, "-m", "deploy.sandbox.fleet.daemon", "--folder", str(self.folder.path)],
                {**os.environ, "PYTHONPATH": str(CODE_ROOT)},
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, number, target) for target, number in ((0, null), (1, log), (2, log))
                ],
                setsid=True,
            )
        finally:
            os.close(log)
            os.close(null)

    def _await_answer(self, identity: ProcessIdentity) -> None:
        _wait(lambda: not identity.alive() or self._answers(), START_DEADLINE_S)
        if self._answers():
            return
        identity.signal(signal.SIGKILL)
        _wait(lambda: not identity.alive(), STOP_DEADLINE_S)
        self._sweep()
        said = self.folder.log.read_text("utf-8", "replace").strip().splitlines()
        raise FleetError(f"the sandbox's daemon did not start: {said[-1] if said else 'no answer'}")

    def _answers(self) -> bool:
        try:
            self.ask({"do": "status"})
        except FleetError:
            return False
        return True

    def _sweep(self) -> None:
        """Ends what a daemon that died left behind: processes that carry the mark of one of its hosts."""
        hosts = self.folder.path / "hosts"
        if identity := self._recorded():
            identity.reap()
        for host in sorted(hosts.iterdir()) if hosts.is_dir() else []:
            ProcessTable(host).kill_everything()
        self.folder.process.unlink(missing_ok=True)
        self.folder.ntlm_file.unlink(missing_ok=True)


def _free(place: tuple[str, int]) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(place)
        except OSError:
            return False
    return True


def _wait(condition: Any, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_S)
    return True
