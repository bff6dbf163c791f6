"""What Windows refuses for the sake of a file's other users."""

import stat
from pathlib import Path

from deploy.sandbox.engines.builtin.disk import open_shared
from deploy.sandbox.engines.builtin.world import World
from deploy.wire.errors import WireError


def require_replaceable(world: World, path: str, local: Path) -> None:
    """Raises WireError `access-denied` for a read-only file, `busy` for one that is held or runs; absent: nothing."""
    if not local.is_file():
        return
    if not local.stat().st_mode & stat.S_IWUSR:
        raise WireError("access-denied", f"{path} is read-only")
    open_shared(local).close()
    if runs_from(world, path):
        raise WireError("busy", f"{path} is the program of a process that runs")


def runs_from(world: World, path: str) -> bool:
    """Whether the program of a service's process is this file, or lies in this folder."""
    place = path.replace("/", "\\").rstrip("\\").lower()
    for name in world.kernel.services():
        status = world.kernel.service_status(name)
        process = world.kernel.process(status["pid"]) if status is not None and status["pid"] else None
        if process is not None and f"{process['image'].lower()}\\".startswith(f"{place}\\"):
            return True
    return False
