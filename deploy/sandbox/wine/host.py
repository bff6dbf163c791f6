"""A host of the PowerShell engine: a Wine machine with WinRM in front of it, switched on and off together."""

import ssl
import threading
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from typing import Any

from deploy.sandbox.machine.faults import Fault
from deploy.sandbox.wine.aim import Aim
from deploy.sandbox.wine.machine import WineMachine
from deploy.sandbox.wine.runner import WineRunner
from deploy.sandbox.wine.volume import DataDisk
from deploy.sandbox.wsman.accounts import Accounts
from deploy.sandbox.wsman.server import Endpoint, WsmanHost
from deploy.sandbox.wsman.shells import Quotas
from deploy.wire.bootstrap import DEFAULT_ROOT

POWERSHELL = r"C:\windows\system32\WindowsPowershell\v1.0\powershell.exe"
HOME = PureWindowsPath(r"C:\users\Public")
_ROOT = PureWindowsPath(DEFAULT_ROOT)
_NOT_HERE = {
    "hang": "a step of the real host half does not stand still on request",
    "slow": "a step of the real host half does not wait on request",
    "refuse-stop": "services are real programs here; deploy one that does not stop when it is told to",
    "clock": "a machine has the time of the computer it runs on",
}


class WineHost:
    """See `fleet.host.Host`. Faults aimed at a step strike when the journal on the machine's disk shows that it began.

    With `disk_mb` the root folder is a disk of its own, which can be filled.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        endpoint: Endpoint,
        accounts: Accounts,
        tls: ssl.SSLContext,
        quotas: Quotas | None = None,
        disk_mb: int = 0,
    ) -> None:
        self.name, self.address = name, endpoint.address
        self._disk_mb = disk_mb
        self.machine = WineMachine(folder, name)
        self.wsman = WsmanHost(
            name, endpoint, accounts, tls, WineRunner(self.machine), {}, HOME, self._is_directory, quotas
        )
        self._power = threading.RLock()
        self._faults: dict[str, Callable[[Fault], None]] = {
            "kill-worker": lambda _: self.machine.end_processes("command", POWERSHELL),
            "kill-executor": lambda _: self.machine.end_processes("executor", POWERSHELL),
            "kill-service": lambda fault: self.machine.end_service(fault.service or ""),
            "power-off": lambda _: self.power_off(),
            "reboot": lambda _: self._reboot(),
            "delete-shell": lambda _: self.wsman.operations.shells.delete_all(),
            "drop-connection": lambda _: self.wsman.drop_connections(),
            "fill-disk": lambda _: self._volume.fill(),
        }
        root = self.machine.disk.drive.joinpath(*_ROOT.parts[1:])
        self._volume = DataDisk(root, folder.absolute() / "data.img")
        self._aim = Aim(name, root / "state" / "transactions", self._strike)

    @property
    def powered(self) -> bool:
        """Whether it is on."""
        return self.machine.powered

    def power_on(self) -> None:
        """Boots, then answers; raises OSError when a port is taken or the machine does not boot."""
        with self._power:
            self.machine.make()
            try:
                self._volume.attach(self._disk_mb)
                self.machine.power_on()
                self.wsman.start()
            except OSError:
                self.power_off()
                raise

    def power_off(self) -> None:
        """The wire first: nobody may see a process end that lost its power."""
        with self._power:
            self.wsman.stop()
            self.machine.power_off()
            self._volume.detach()

    def close(self) -> None:
        """Off for good; the disk stays."""
        self.disarm()
        self.power_off()

    def services_running(self) -> list[dict[str, object]]:
        """`{name, pid, port}` of every registered service that is not Wine's own; pid as the machine counts.

        The port is always None: all sockets of a machine are its wineserver's.
        """
        seen = sorted(self.machine.services().items())
        return [{"name": name, "pid": service.pid or None, "port": None} for name, service in seen]

    def arm(self, fault: dict[str, Any]) -> None:
        """Carries a fault out, or arms it for a checkpoint that can be seen; ValueError for one that can't be had here,
        LookupError for an unknown service, KernelError for one without a name, OSError for a disk that can't be filled.
        """
        wanted = Fault.from_json(fault)
        if wanted.kind in _NOT_HERE:
            raise ValueError(f"fault {wanted.kind}: not on the powershell engine: {_NOT_HERE[wanted.kind]}")
        if wanted.kind == "fill-disk":
            self._volume.require()
        if wanted.label is None:
            self._faults[wanted.kind](wanted)
        else:
            self._aim.arm(wanted)

    def disarm(self) -> None:
        """Nothing waits any more, and the disk has room."""
        self._aim.clear()
        self._volume.free()

    def armed(self) -> list[dict[str, Any]]:
        """The faults that wait."""
        return self._aim.armed()

    def task_interval(self, seconds: float) -> None:
        """How often enabled tasks run."""
        self.machine.tasks.interval_s = seconds

    def fire_tasks(self) -> None:
        """Brings the tasks' trigger forward."""
        self.machine.tasks.fire()

    def _strike(self, fault: Fault) -> None:
        """The executor stands still meanwhile, so that it is where it was seen."""
        with self.machine.frozen("executor"):
            self._faults[fault.kind](fault)

    def _reboot(self) -> None:
        with self._power:
            self.power_off()
            self.power_on()

    def _is_directory(self, path: PureWindowsPath) -> bool:
        try:
            return self.machine.disk.local(path).is_dir()
        except ValueError:
            return False
