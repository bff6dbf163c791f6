"""Which TCP ports a process and its children listen on."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_LISTEN = "0A"


def ports_of(pid: int) -> list[int]:
    """Listening ports of the process tree, lowest first; empty when it is gone."""
    sockets = {f"socket:[{inode}]": port for inode, port in _listeners()}
    found: set[int] = set()
    for member in _tree(pid):
        with contextlib.suppress(OSError):
            for descriptor in (_PROC / str(member) / "fd").iterdir():
                with contextlib.suppress(OSError):
                    port = sockets.get(str(descriptor.readlink()))
                    if port:
                        found.add(port)
    return sorted(found)


def _listeners() -> Iterator[tuple[str, int]]:
    """(inode, port) of every listening socket."""
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (_PROC / "net" / table).read_text("ascii").splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTEN:
                    yield fields[9], int(fields[1].rpartition(":")[2], 16)


def _tree(pid: int) -> list[int]:
    members = [pid]
    for member in members:
        with contextlib.suppress(OSError):
            for task in (_PROC / str(member) / "task").iterdir():
                members += map(int, (task / "children").read_text("ascii").split())
    return members
