"""A host of the built-in engine: a simulated machine."""

import json
import subprocess
from itertools import count
from pathlib import Path
from typing import Any

from deploy.sandbox.engines.builtin.engine import BuiltinEngine
from deploy.sandbox.engines.engine import Engine
from deploy.sandbox.machine.clock import Clock
from deploy.sandbox.machine.kernel import Kernel
from deploy.sandbox.machine.machine import Machine
from deploy.wire.bootstrap import COMMAND, ENV_AGENT, ENV_BOOT, ENV_ROOT
from tests.contract.connection import Connection, sha256
from tests.contract.host_half import ROOT, TASK_PATH, HostHalf, Strike, access_of

_POWERSHELL = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"
_ADDRESSES = count(2)


class JumpingClock(Clock):
    """A machine's clock whose uptime can be put forward, so that no test waits for a deadline."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead_s = 0.0

    def monotonic_s(self) -> float:
        """Real seconds, and those that were skipped."""
        return super().monotonic_s() + self.ahead_s


class SimulatedHost(HostHalf):
    """See `HostHalf`; its machine is the test's own."""

    def __init__(self, engine: Engine, folder: Path, address: str, module: bytes) -> None:
        self.root, self.address, self.module = ROOT, address, module
        self._engine, self._folder = engine, folder
        self.clock = JumpingClock()
        self.machine = Machine(folder, "TRY", address, self.clock, launch=self._launch)
        self.machine.power_on()
        self.kernel: Kernel = self.machine.kernel
        self._connections: list[Connection] = []
        self._label = ""

    def start(self, agent: str | None = None) -> Connection:
        """A worker's process."""
        variables = {ENV_BOOT: "boot", ENV_AGENT: agent or sha256(self.module), ENV_ROOT: self.root}
        process = self._engine.launch(self._folder, COMMAND, variables, streams=True)
        self.machine.register_process(process.pid, _POWERSHELL, "worker")
        self._connections.append(Connection(process))
        return self._connections[-1]

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

    def access(self, windows_path: str) -> dict[str, Any]:
        """What the machine keeps of it."""
        acl = self.kernel.acl(windows_path)
        assert acl is not None
        return access_of(acl)

    def registry(self, key: str) -> set[str]:
        """Names of values."""
        return set(self.kernel.reg_get(key) or ())

    def alive(self, pid: int) -> bool:
        """Whether it runs."""
        return self.kernel.process(pid) is not None

    def kill(self, pid: int) -> None:
        """Ends it."""
        self.kernel.kill(pid)

    def delete_service(self, name: str) -> None:
        """Through the service control manager."""
        self.kernel.service_delete(name)

    def limit_disk(self) -> None:
        """Any disk of a simulated machine can be filled."""

    def fill_disk(self) -> None:
        """Arms a fault of the machine."""
        self.machine.faults.arm({"kind": "fill-disk"})

    def task_enabled(self) -> bool:
        """Whether the triggers are on."""
        task = self.kernel.task(TASK_PATH)
        assert task is not None
        return task["enabled"]

    def enable_task(self) -> None:
        """Switches them on."""
        self.kernel.task_enable(TASK_PATH, True)

    def delete_task(self) -> None:
        """Removes it."""
        self.kernel.task_delete(TASK_PATH)

    def strike(self, label: str, kind: Strike = "kill") -> None:
        """Arms a fault of the machine."""
        self._label = label
        self.machine.faults.arm({"kind": "kill-executor" if kind == "kill" else "hang", "label": label})

    def struck(self) -> bool:
        """Whether the checkpoint was reached."""
        return self._label in [label for _, label in self.machine.faults.reached]

    def executors(self) -> int:
        """How many are at work."""
        return len(self.machine.processes.all("executor"))

    def fire(self) -> None:
        """Fires the triggers."""
        self.machine.schedule.fire()

    def reboot(self) -> None:
        """Power off and on."""
        self.machine.power_off()
        self.machine.power_on()

    def close(self) -> None:
        """Ends everything."""
        for connection in self._connections:
            connection.close()
        self.machine.close()

    def _launch(self, command: str, arguments: str) -> "subprocess.Popen[bytes]":
        return self._engine.launch(self._folder, f"{command} {arguments}", {}, streams=False)


def simulated_host(folder: Path) -> SimulatedHost:
    """A machine with the built-in engine; its module may be any bytes."""
    return SimulatedHost(BuiltinEngine(), folder, f"127.0.79.{next(_ADDRESSES)}", b"# the module\r\n" * 100)


class Simulated:
    """See `Provider`: a new machine for each test."""

    def host(self, folder: Path) -> SimulatedHost:
        """A host."""
        return simulated_host(folder)

    def close(self) -> None:
        """Nothing is kept."""
