"""A host of the PowerShell engine: a Wine machine with WinRM in front of it, switched on and off together."""

import ssl
import threading
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from typing import Any

from deploy.sandbox.wine.machine import WineMachine
from deploy.sandbox.wine.runner import WineRunner
from deploy.sandbox.wsman.accounts import Accounts
from deploy.sandbox.wsman.server import Endpoint, WsmanHost
from deploy.sandbox.wsman.shells import Quotas

POWERSHELL = r"C:\windows\system32\WindowsPowershell\v1.0\powershell.exe"
HOME = PureWindowsPath(r"C:\users\Public")


class WineHost:
    """See `fleet.host.Host`. Faults happen at once: the real host half has no checkpoints to aim at."""

    def __init__(
        self,
        folder: Path,
        name: str,
        endpoint: Endpoint,
        accounts: Accounts,
        tls: ssl.SSLContext,
        quotas: Quotas | None = None,
    ) -> None:
        self.name, self.address = name, endpoint.address
        self.machine = WineMachine(folder, name)
        self.wsman = WsmanHost(
            name, endpoint, accounts, tls, WineRunner(self.machine), {}, HOME, self._is_directory, quotas
        )
        self._power = threading.RLock()

    @property
    def powered(self) -> bool:
        """Whether it is on."""
        return self.machine.powered

    def power_on(self) -> None:
        """Boots, then answers; raises OSError when a port is taken or the machine does not boot."""
        with self._power:
            self.machine.power_on()
            self.wsman.start()

    def power_off(self) -> None:
        """The wire first: nobody may see a process end that lost its power."""
        with self._power:
            self.wsman.stop()
            self.machine.power_off()

    def close(self) -> None:
        """Off for good; the disk stays."""
        self.power_off()

    def services_running(self) -> list[dict[str, object]]:
        """`{name, pid, port}` of every registered service that is not Wine's own; pid as the machine counts.

        The port is always None: all sockets of a machine are its wineserver's.
        """
        seen = sorted(self.machine.services().items())
        return [{"name": name, "pid": service.pid or None, "port": None} for name, service in seen]

    def arm(self, fault: dict[str, Any]) -> None:
        """Carries a fault out; ValueError for one that can't be had here, LookupError for an unknown service."""
        kind = str(fault.get("kind"))
        table: dict[str, Callable[[], None]] = {
            "kill-worker": lambda: self.machine.end_processes("command", POWERSHELL),
            "kill-executor": lambda: self.machine.end_processes("executor", POWERSHELL),
            "kill-service": lambda: self.machine.end_service(str(fault.get("service"))),
            "power-off": self.power_off,
            "reboot": self._reboot,
            "delete-shell": self.wsman.operations.shells.delete_all,
            "drop-connection": self.wsman.drop_connections,
        }
        if kind not in table or fault.get("label") is not None or fault.get("step") is not None:
            what = f"{kind} at a step" if kind in table else kind
            raise ValueError(
                f"fault {what}: the powershell engine has {', '.join(sorted(table))}, and all of them at once"
            )
        table[kind]()

    def disarm(self) -> None:
        """Nothing stays armed here."""

    def armed(self) -> list[dict[str, Any]]:
        """Nothing."""
        return []

    def task_interval(self, seconds: float) -> None:
        """How often enabled tasks run."""
        self.machine.tasks.interval_s = seconds

    def fire_tasks(self) -> None:
        """Brings the tasks' trigger forward."""
        self.machine.tasks.fire()

    def _reboot(self) -> None:
        with self._power:
            self.power_off()
            self.power_on()

    def _is_directory(self, path: PureWindowsPath) -> bool:
        try:
            return self.machine.disk.local(path).is_dir()
        except ValueError:
            return False
