"""A host with the real host half on it: on Wine or on Windows itself."""

import contextlib
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from deploy.windows.agent_bundle import bundle
from deploy.wire.bootstrap import ENV_AGENT, ENV_BOOT, ENV_ROOT
from tests.contract.connection import Connection, sha256
from tests.contract.console import Console
from tests.contract.host_half import ROOT, HostHalf, Strike

WORDS = (
    "powershell.exe",
    "-NoProfile",
    "-NonInteractive",
    "-ExecutionPolicy",
    "Bypass",
    "-Command",
    "&([ScriptBlock]::Create($env:TSDEPLOY_BOOT))",
)
"""`wire.bootstrap.COMMAND` as a list."""
_BLOCK = b"\0" * 4096
_REMOVAL_S = 60.0
STRIKING = Path(__file__).with_name("striking.ps1")
_STRIKE, _STRUCK = r"C:\Windows\Temp\strike.txt", r"C:\Windows\Temp\struck.txt"


class WindowsMachine(Protocol):
    """What is done to a machine from outside it."""

    address: str
    console: Console

    def start_worker(self, variables: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        """Runs WORDS with pipes."""

    def local(self, windows_path: str) -> Path:
        """Where a file of the machine really lies."""

    def put_service(self, folder: Path, name: str, port: int, **config: Any) -> None:
        """Puts a stand-in service there, as Try.exe."""

    def executors(self) -> int:
        """How many processes of the settling task run."""

    def fire(self) -> None:
        """Starts the settling task as its trigger would, and returns once it has begun; not when it is switched off."""

    def end_executors(self) -> None:
        """Ends all processes of the settling task."""

    def reboot(self) -> None:
        """Cuts the power, and switches it on again."""

    def limit_disk(self, windows_path: str) -> None:
        """Makes a folder that has a small file system of its own."""

    def unlimit_disk(self) -> None:
        """Takes it away."""


class WindowsHost(HostHalf):
    """See `HostHalf`. The machine serves many tests; what one left is removed before the next."""

    def __init__(self, machine: WindowsMachine) -> None:
        self.root, self.address, self.module = ROOT, machine.address, bundle().text
        self._machine = machine
        self._connections: list[Connection] = []

    @property
    def console(self) -> Console:
        """The tests' own window into it."""
        return self._machine.console

    def start(self, agent: str | None = None) -> Connection:
        """A worker's process."""
        variables = {ENV_BOOT: bundle().boot, ENV_AGENT: agent or sha256(self.module), ENV_ROOT: self.root}
        self._connections.append(Connection(self._machine.start_worker(variables)))
        return self._connections[-1]

    def path(self, windows_path: str) -> Path:
        """Where a file of the host really lies."""
        return self._machine.local(windows_path)

    def service(self, name: str, port: int, folder: str = r"C:\app", **config: Any) -> str:
        """Puts a stand-in service's program there."""
        self._machine.put_service(self.path(folder), name, port, **config)
        return f'"{folder}\\Try.exe"'

    def access(self, windows_path: str) -> dict[str, Any]:
        """As Windows tells it."""
        found = self.console.ask("access", path=windows_path)
        return {"inherit": found["inherit"], "grants": {(sid, rights) for sid, rights in found["grants"]}}

    def registry(self, key: str) -> set[str]:
        """Names of values."""
        found = self.console.ask("registry", key=key.removeprefix("HKLM\\")) or []
        return {found} if isinstance(found, str) else set(found)  # a list of one comes as that one

    def alive(self, pid: int) -> bool:
        """Whether it runs."""
        return bool(self.console.ask("alive", pid=pid))

    def kill(self, pid: int) -> None:
        """Ends it."""
        self.console.ask("kill", pid=pid)

    def delete_service(self, name: str) -> None:
        """With sc.exe."""
        assert self.console.ask("delete-service", name=name) == 0

    def limit_disk(self) -> None:
        """A file system of its own below the root."""
        self._machine.limit_disk(ROOT)

    def fill_disk(self) -> None:
        """One file takes all that is left."""
        with contextlib.suppress(OSError), self.path(rf"{ROOT}\filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(_BLOCK)

    def task_enabled(self) -> bool:
        """Whether the triggers are on."""
        return bool(self.console.ask("task") != "Disabled")

    def enable_task(self) -> None:
        """Switches them on."""
        self.console.ask("enable-task")

    def delete_task(self) -> None:
        """Removes it."""
        self.console.ask("delete-task")

    def strike(self, label: str, kind: Strike = "kill") -> None:
        """From now on the module has one more part, which looks for the file that this writes."""
        self.module = bundle().text + STRIKING.read_bytes()
        self.path(_STRIKE).write_text(f"{kind} {label}")

    def struck(self) -> bool:
        """The file was moved."""
        return self.path(_STRUCK).exists()

    def executors(self) -> int:
        """How many are at work."""
        return self._machine.executors()

    def fire(self) -> None:
        """Fires the trigger."""
        self._machine.fire()

    def reboot(self) -> None:
        """Power off and on."""
        self._machine.reboot()

    def close(self) -> None:
        """Ends workers and executors, and leaves the machine as it was found."""
        for connection in self._connections:
            connection.close()
        self._machine.end_executors()
        self.console.ask("remove-leftovers")
        self._machine.unlimit_disk()
        for folder in (ROOT, r"C:\app", r"C:\legacy app"):
            _remove(self.path(folder))
        for file in (_STRIKE, _STRUCK):
            with contextlib.suppress(FileNotFoundError):
                self.path(file).unlink()


def _remove(folder: Path) -> None:
    """Until it is gone: a process that was just killed may hold a file for a while."""
    deadline = time.monotonic() + _REMOVAL_S
    while folder.exists():
        try:
            shutil.rmtree(folder)
        except OSError as error:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{error.filename}: can't be removed since {_REMOVAL_S:.0f} s: {error}") from error
            time.sleep(0.05)
