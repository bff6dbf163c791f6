"""What the host half acts on: kernel, disk and clock; and one call of a primitive."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.sandbox.engines.builtin.clock import Clock
from deploy.sandbox.engines.builtin.disk import Disk
from deploy.sandbox.engines.builtin.layout import PRIVATE_ACL, Layout
from deploy.sandbox.machine.kernel import Kernel
from deploy.wire.errors import WireError


@dataclass(frozen=True, slots=True)
class World:
    """Everything outside. `agent` is the SHA-256 of the module that this process stands for."""

    kernel: Kernel
    disk: Disk
    clock: Clock
    layout: Layout
    agent: str

    def stamp(self) -> dict[str, Any]:
        """Now, as journals and records write it: `at` for people, `up` and `boot` for decisions."""
        system = self.kernel.system()
        return {"at": utc_text(system["time_utc"]), "up": round(system["uptime_s"], 3), "boot": system["boot_id"]}

    def state_file(self, name: str) -> Path:
        """A file of the state folder, by its name there."""
        return self.disk.local(rf"{self.layout.state}\{name}")

    def private_folder(self, path: str) -> Path:
        """Makes a folder that only SYSTEM and administrators can reach; the ACL comes before any content."""
        folder = self.disk.local(path)
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
        if self.kernel.acl(path) != PRIVATE_ACL:
            self.kernel.acl_set(path, PRIVATE_ACL)
        return folder

    def require_space(self, size: int) -> None:
        """Raises WireError `disk-full` when `size` bytes do not fit on the simulated disk."""
        free_mb = self.kernel.system()["disk_free_mb"]
        if size > free_mb * 1024 * 1024 or free_mb <= 0:
            raise WireError(
                "disk-full", f"{size} bytes do not fit: {free_mb} MB are free", expected=size, actual=free_mb
            )


def utc_text(time_utc: float) -> str:
    """The machine's time as ISO 8601 with milliseconds and Z."""
    at = datetime.fromtimestamp(time_utc, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_json(path: Path) -> Any:
    """The content of a JSON file, None when it is absent or no JSON."""
    try:
        return json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class Call:
    """Arguments of a step; the folder of its request's data streams; and its deadline on the clock."""

    args: dict[str, Any]
    data: Path
    deadline: float

    def stream(self, argument: object) -> Path:
        """The file that holds a data argument."""
        if isinstance(argument, dict) and isinstance(name := argument.get("file"), str) and "/" not in name:
            path = self.data / name
            if path.is_file():
                return path
        raise WireError("bad-request", f"{argument!r} names no data stream of this request")


@dataclass(frozen=True, slots=True)
class Change:
    """What a primitive did, or would do."""

    changed: bool
    detail: Any = None
