"""A host of the fleet, and the simulated one: machine, command processor and WS-Man service, switched together."""

import ssl
import subprocess
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath
from typing import Any, Protocol

from deploy.sandbox.engines.engine import Engine
from deploy.sandbox.fleet.listening import ports_of
from deploy.sandbox.machine.kernel import KernelError
from deploy.sandbox.machine.machine import Machine
from deploy.sandbox.machine.paths import to_local
from deploy.sandbox.programs.context import Host as ProgramHost
from deploy.sandbox.programs.processor import Processor
from deploy.sandbox.wsman.accounts import Accounts
from deploy.sandbox.wsman.server import Endpoint, WsmanHost
from deploy.sandbox.wsman.shells import Quotas


class Host(Protocol):
    """What the fleet needs of a host, whichever engine it is made of."""

    name: str
    address: str
    wsman: WsmanHost

    @property
    def powered(self) -> bool:
        """Whether it is on."""

    def power_on(self) -> None:
        """Boots, then answers; does nothing when it is on; raises OSError when it can't."""

    def power_off(self) -> None:
        """Everything on it ends at once; its disk stays."""

    def close(self) -> None:
        """Off for good."""

    def services_running(self) -> list[dict[str, object]]:
        """`{name, pid, port}` of every registered service; None for what it has not."""

    def arm(self, fault: dict[str, Any]) -> None:
        """Arms a fault `{kind, label?, step?, times?, service?, seconds?}`, or carries it out: an OSError, LookupError,
        ValueError or KernelError says what is wrong with it.
        """

    def disarm(self) -> None:
        """Ends all faults."""

    def armed(self) -> list[dict[str, Any]]:
        """The faults that wait."""

    def task_interval(self, seconds: float) -> None:
        """How often enabled tasks run."""

    def fire_tasks(self) -> None:
        """Brings the tasks' trigger forward."""


class SimulatedHost(Machine):
    """A machine with WinRM in front of it. Whatever switches the machine, the wire goes with it."""

    def __init__(
        self,
        folder: Path,
        name: str,
        endpoint: Endpoint,
        accounts: Accounts,
        user: str,
        tls: ssl.SSLContext,
        engine: Engine,
        quotas: Quotas | None = None,
    ) -> None:
        self._engine = engine
        super().__init__(folder, name, endpoint.address, launch=self._start_task)
        home = PureWindowsPath("C:/Users", user)
        to_local(self.folder, str(home)).mkdir(parents=True, exist_ok=True)
        processor = Processor(ProgramHost(name, self.folder, self.kernel), engine, self.register_process)
        self.wsman = WsmanHost(
            name, endpoint, accounts, tls, processor, _variables(name, user, home), home, self._is_directory, quotas
        )
        self.faults.handlers["delete-shell"] = self.wsman.operations.shells.delete_all
        self.faults.handlers["drop-connection"] = self.wsman.drop_connections

    def power_on(self) -> None:
        """Boots, then answers; raises OSError when a port is taken, or the disk is another engine's."""
        if (self.folder / "C").is_symlink():
            raise OSError(f"{self.folder / 'C'} is the disk of another engine's host: remove {self.folder.parent}")
        with self._power:
            super().power_on()
            self.wsman.start()

    def power_off(self) -> None:
        """The wire first: nobody may see a process end that lost its power."""
        with self._power:
            self.wsman.stop()
            super().power_off()

    def services_running(self) -> list[dict[str, object]]:
        """`{name, pid, port}` of every registered service; the port is the lowest it listens on, or None."""
        found: list[dict[str, object]] = []
        for name in sorted(self.kernel.services()):
            status = self.kernel.service_status(name)
            pid = status["pid"] if status else 0
            ports = ports_of(pid) if pid else []
            found.append({"name": name, "pid": pid or None, "port": ports[0] if ports else None})
        return found

    def arm(self, fault: dict[str, Any]) -> None:
        """See `machine.faults.Fault`."""
        self.faults.arm(fault)

    def disarm(self) -> None:
        """Ends all faults."""
        self.faults.clear()

    def armed(self) -> list[dict[str, Any]]:
        """The faults that wait."""
        return self.faults.armed.as_json()

    def task_interval(self, seconds: float) -> None:
        """How often enabled tasks run."""
        self.schedule.interval_s = seconds

    def fire_tasks(self) -> None:
        """Brings the tasks' trigger forward."""
        self.schedule.fire()

    def _start_task(self, command: str, arguments: str) -> subprocess.Popen[bytes]:
        return self._engine.launch(self.folder, f"{command} {arguments}", self.environment(), streams=False)

    def _is_directory(self, path: PureWindowsPath) -> bool:
        try:
            return to_local(self.folder, str(path)).is_dir()
        except KernelError:
            return False


def _variables(name: str, user: str, home: PureWindowsPath) -> Mapping[str, str]:
    """The environment of a new shell."""
    return {
        "ALLUSERSPROFILE": r"C:\ProgramData",
        "COMPUTERNAME": name.upper(),
        "ComSpec": r"C:\Windows\System32\cmd.exe",
        "NUMBER_OF_PROCESSORS": "4",
        "OS": "Windows_NT",
        "PATHEXT": ".COM;.EXE;.BAT;.CMD",
        "PROCESSOR_ARCHITECTURE": "AMD64",
        "PROMPT": "$P$G",
        "Path": r"C:\Windows\System32;C:\Windows;C:\Windows\System32\WindowsPowerShell\v1.0",
        "ProgramData": r"C:\ProgramData",
        "ProgramFiles": r"C:\Program Files",
        "SystemDrive": "C:",
        "SystemRoot": r"C:\Windows",
        "TEMP": rf"{home}\AppData\Local\Temp",
        "TMP": rf"{home}\AppData\Local\Temp",
        "USERDOMAIN": name.upper(),
        "USERNAME": user,
        "USERPROFILE": str(home),
        "windir": r"C:\Windows",
    }
