"""What the contract suite needs of a host with a host half on it; each engine brings its own."""

import json
import subprocess
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from deploy.sandbox.engines.builtin.engine import BuiltinEngine
from deploy.sandbox.engines.engine import Engine
from deploy.sandbox.machine.clock import Clock
from deploy.sandbox.machine.kernel import Kernel
from deploy.sandbox.machine.machine import Machine
from deploy.wire.bootstrap import COMMAND, ENV_AGENT, ENV_BOOT, ENV_ROOT
from tests.contract.connection import Connection, sha256
from tests.contract.waiting import until

ROOT = r"C:\TradingSystem"
_POWERSHELL = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"
_ADDRESSES = count(2)
TASK_PATH = r"\TradingSystem\Settle"


class HostHalf(Protocol):
    """A host on which workers can be started, and ways to look at it from outside."""

    root: str
    address: str
    module: bytes
    """The host half's own module, as a controller would send it."""
    kernel: Kernel

    def start(self, agent: str | None = None) -> Connection:
        """A worker's process, nothing said yet; `agent`: another SHA-256 than the module's."""

    def worker(self) -> Connection:
        """A worker that said `ready`."""

    def path(self, windows_path: str) -> Path:
        """Where a file of the host really lies."""

    def service(self, name: str, port: int, folder: str = r"C:\app", **config: Any) -> str:
        """Puts a stand-in service's program there; gives the image path to register."""

    def settle(self) -> None:
        """Starts the settling task as its trigger would, and returns when that instance has ended."""

    def settled(self) -> None:
        """Returns when no executor is at work and the settling task is off."""

    def close(self) -> None:
        """Ends everything."""


class JumpingClock(Clock):
    """A machine's clock whose uptime can be put forward, so that no test waits for a deadline."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead_s = 0.0

    def monotonic_s(self) -> float:
        """Real seconds, and those that were skipped."""
        return super().monotonic_s() + self.ahead_s


class SandboxHost:
    """A simulated machine with an engine of the sandbox on it."""

    def __init__(self, engine: Engine, folder: Path, address: str, module: bytes) -> None:
        self.root, self.address, self.module = ROOT, address, module
        self._engine, self._folder = engine, folder
        self.clock = JumpingClock()
        self.machine = Machine(folder, "TRY", address, self.clock, launch=self._launch)
        self.machine.power_on()
        self.kernel: Kernel = self.machine.kernel
        self._connections: list[Connection] = []

    def start(self, agent: str | None = None) -> Connection:
        """A worker's process."""
        variables = {ENV_BOOT: "boot", ENV_AGENT: agent or sha256(self.module), ENV_ROOT: self.root}
        process = self._engine.launch(self._folder, COMMAND, variables, streams=True)
        self.machine.register_process(process.pid, _POWERSHELL, "worker")
        self._connections.append(Connection(process))
        return self._connections[-1]

    def worker(self) -> Connection:
        """A worker that said `ready`."""
        connection = self.start()
        hello = connection.hello(self.module)
        assert hello["event"] == "ready", hello
        return connection

    def path(self, windows_path: str) -> Path:
        """Where a file of the host really lies."""
        return self._folder / "C" / windows_path[3:].replace("\\", "/")

    def service(self, name: str, port: int, folder: str = r"C:\app", **config: Any) -> str:
        """Puts a stand-in service's program there."""
        place = self.path(folder)
        place.mkdir(parents=True, exist_ok=True)
        (place / "Try.exe").write_text(f"SANDBOX-EXE native {name} {folder}\n")
        (place / "version.txt").write_text("1.0.0")
        (place / "appsettings.json").write_text(json.dumps({"service": name, "port": port, **config}))
        return f'"{folder}\\Try.exe"'

    def settle(self) -> None:
        """Fires the triggers, and waits for what they started."""
        self.machine.schedule.fire()
        until(lambda: not self.machine.processes.all("executor"))

    def settled(self) -> None:
        """Waits for the executor's end; it switches the task off before."""
        until(lambda: not self.machine.processes.all("executor"))
        task = self.kernel.task(TASK_PATH)
        assert task is not None
        assert not task["enabled"]

    def close(self) -> None:
        """Ends everything."""
        for connection in self._connections:
            connection.close()
        self.machine.close()

    def _launch(self, command: str, arguments: str) -> "subprocess.Popen[bytes]":
        return self._engine.launch(self._folder, f"{command} {arguments}", {}, streams=False)


def builtin_host(folder: Path) -> SandboxHost:
    """A machine with the built-in engine; its module may be any bytes."""
    return SandboxHost(BuiltinEngine(), folder, f"127.0.79.{next(_ADDRESSES)}", b"# the module\r\n" * 100)


HOSTS: dict[str, Callable[[Path], HostHalf]] = {"builtin": builtin_host}
"""Engine → its host. An engine that isn't available here is not in the table, so its tests aren't collected."""
