"""Who listens: read from the kernel's table of TCP sockets."""

import socket
from pathlib import Path

_LISTEN = "0A"
ANY = frozenset({"", "0.0.0.0", "::", "*", "localhost", "127.0.0.1"})  # noqa: S104  # compared with, never bound


def own(address: str, machine: str) -> str:
    """An address as this machine means it: any and loopback ones are its own, since all machines share ours."""
    return machine if address in ANY else address


def listening(address: str, port: int) -> bool:
    """Whether something listens on exactly this IPv4 address and port, or on all addresses."""
    wanted = {f"{_hex(address)}:{port:04X}", f"00000000:{port:04X}"}
    rows = (line.split() for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:])
    return any(row[3] == _LISTEN and row[1] in wanted for row in rows)


def _hex(address: str) -> str:
    return socket.inet_aton(address)[::-1].hex().upper()
