"""Which TCP ports a process and its children listen on, and which anybody at an address."""

import contextlib
import ipaddress
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_LISTEN = "0A"


def ports_of(pid: int) -> list[int]:
    """Listening ports of the process tree, lowest first; empty when it is gone."""
    sockets = {f"socket:[{each.inode}]": each.port for each in _listeners()}
    found: set[int] = set()
    for member in _tree(pid):
        with contextlib.suppress(OSError):
            for descriptor in (_PROC / str(member) / "fd").iterdir():
                with contextlib.suppress(OSError):
                    port = sockets.get(str(descriptor.readlink()))
                    if port:
                        found.add(port)
    return sorted(found)


def ports_at(address: str) -> list[int]:
    """Ports on which something listens at exactly this IPv4 address, lowest first."""
    wanted = int.from_bytes(ipaddress.IPv4Address(address).packed, sys.byteorder)
    return sorted({each.port for each in _listeners() if each.address == f"{wanted:08X}"})


@dataclass(frozen=True, slots=True)
class _Listener:
    """`address` as the kernel shows it: hexadecimal, in the order of the computer's own bytes."""

    address: str
    port: int
    inode: str


def _listeners() -> Iterator[_Listener]:
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (_PROC / "net" / table).read_text("ascii").splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTEN:
                    address, _, port = fields[1].rpartition(":")
                    yield _Listener(address, int(port, 16), fields[9])


def _tree(pid: int) -> list[int]:
    members = [pid]
    for member in members:
        with contextlib.suppress(OSError):
            for task in (_PROC / str(member) / "task").iterdir():
                members += map(int, (task / "children").read_text("ascii").split())
    return members
