"""What the contract suite needs of a host with a host half on it, and ways to look at it from outside."""

import hashlib
import struct
from pathlib import Path
from typing import Any, Literal, Protocol

from tests.contract.connection import Connection, step
from tests.contract.waiting import until

ROOT = r"C:\TradingSystem"
TASK_PATH = r"\TradingSystem\Settle"
RUNTIME = r"C:\dotnet"
"""Where a stand-in service finds its .NET, on hosts whose stand-ins need one."""
Strike = Literal["kill", "hang"]


class HostHalf(Protocol):
    """A host on which workers can be started. What it tells of itself does not pass through the host half."""

    root: str
    address: str
    module: bytes
    """The host half's own module, as a controller would send it."""

    def start(self, agent: str | None = None) -> Connection:
        """A worker's process, nothing said yet; `agent`: another SHA-256 than the module's."""

    def worker(self) -> Connection:
        """A worker that said `ready`."""
        connection = self.start()
        hello = connection.hello(self.module)
        assert hello["event"] == "ready", hello
        return connection

    def holder(self) -> Connection:
        """A worker that has the run lock and has installed the settling task."""
        connection = self.worker()
        connection.lock()
        connection.apply(step("executor.install"))
        return connection

    def path(self, windows_path: str) -> Path:
        """Where a file of the host really lies."""

    def service(self, name: str, port: int, folder: str = r"C:\app", **config: Any) -> str:
        """Puts a stand-in service's program there; gives the image path to register."""

    def access(self, windows_path: str) -> dict[str, Any]:
        """The access list of a path, as `access_of` writes it."""

    def registry(self, key: str) -> set[str]:
        """Names of the values of a key below HKLM."""

    def alive(self, pid: int) -> bool:
        """Whether a process runs."""

    def kill(self, pid: int) -> None:
        """Ends a process at once."""

    def delete_service(self, name: str) -> None:
        """As an administrator does; a running one is only marked for deletion."""

    def limit_disk(self) -> None:
        """Before the first worker: gives the root folder a small disk of its own, where `fill_disk` needs one."""

    def fill_disk(self) -> None:
        """From now on nothing fits on the root's disk any more."""

    def task_enabled(self) -> bool:
        """Whether the settling task's triggers are on."""

    def enable_task(self) -> None:
        """Switches them on."""

    def delete_task(self) -> None:
        """Removes the settling task."""

    def strike(self, label: str, kind: Strike = "kill") -> None:
        """From the next worker on, the first executor that passes a checkpoint is killed, or stands still, there."""

    def struck(self) -> bool:
        """Whether that has happened."""

    def executors(self) -> int:
        """How many executors are at work."""

    def fire(self) -> None:
        """Starts the settling task as its trigger would, and returns once it has begun; not when it is switched off."""

    def settle(self) -> None:
        """The same, and returns when no executor is at work."""
        self.fire()
        until(lambda: not self.executors())

    def settled(self) -> None:
        """Returns when no executor is at work; the last one has switched the settling task off."""
        until(lambda: not self.executors())
        assert not self.task_enabled()

    def reboot(self) -> None:
        """Cuts the power, and switches it on again; workers end, services of start type auto start."""

    def close(self) -> None:
        """Ends what was started on it."""


class Provider(Protocol):
    """Gives an engine's hosts, each as if it were new."""

    def host(self, folder: Path) -> HostHalf:
        """A host; `folder` is the test's own."""

    def close(self) -> None:
        """Ends everything."""


def service_sid(name: str) -> str:
    """SID of `NT SERVICE\\name`, as Windows makes it."""
    parts = struct.unpack("<5I", hashlib.sha1(name.upper().encode("utf-16-le")).digest())
    return "S-1-5-80-" + "-".join(map(str, parts))


def access_of(acl: dict[str, Any]) -> dict[str, Any]:
    """An `acl` argument by SID, without an order of its grants."""
    grants = {
        (grant.get("sid") or service_sid(grant["account"].partition("\\")[2]), grant["rights"])
        for grant in acl["grants"]
    }
    return {"inherit": acl["inherit"], "grants": grants}
