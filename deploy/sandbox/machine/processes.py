"""The process table: real processes that belong to this machine, their images, parents and children."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from deploy.sandbox.machine.kernel import KernelError, ProcessInfo
from deploy.sandbox.machine.loader import ENV_FOLDER, ENV_IMAGE

Role = Literal["service", "worker", "executor", "command"]
_PROC = Path("/proc")
_DEATH_WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class _Entry:
    image: str
    role: Role
    parent: int
    ticks: int


@dataclass(frozen=True, slots=True)
class _Stat:
    alive: bool
    parent: int
    ticks: int


class ProcessTable:
    """Who runs here. A process belongs to the machine when it was added, or inherited the machine's environment."""

    def __init__(self, folder: Path) -> None:
        self._marker = f"{ENV_FOLDER}={folder}".encode()
        self._entries: dict[int, _Entry] = {}
        self._lock = threading.Lock()

    def add(self, pid: int, image: str, role: Role, parent: int = 0) -> None:
        """Registers a process that runs; `image` is a Windows path."""
        stat = _stat(pid)
        if stat is not None:
            with self._lock:
                self._entries[pid] = _Entry(image, role, parent, stat.ticks)

    def get(self, pid: int) -> ProcessInfo | None:
        """A living process of this machine."""
        stat = _stat(pid)
        if stat is None or not stat.alive:
            return None
        entry = self._entry(pid, stat)
        if entry is not None:
            return ProcessInfo(pid=pid, image=entry.image, started=_started(stat.ticks), parent=entry.parent)
        variables = _variables(pid)
        if self._marker not in variables:
            return None
        image = next((each.partition(b"=")[2] for each in variables if each.startswith(ENV_IMAGE.encode() + b"=")), b"")
        return ProcessInfo(pid=pid, image=image.decode(), started=_started(stat.ticks), parent=stat.parent)

    def all(self, role: Role | None = None) -> list[int]:
        """Living processes; with a role, those that were added in it."""
        with self._lock:
            added = {pid for pid, entry in self._entries.items() if role in (None, entry.role)}
        if role is None:
            added |= {pid for pid in _pids() if self._marker in _variables(pid)}
        return sorted(pid for pid in added if self.get(pid) is not None)

    def kill(self, pid: int) -> None:
        """Ends a process and its children; KernelError 87 when this machine has no such process."""
        if self.get(pid) is None:
            raise KernelError(87, f"process {pid}: not found on this machine")
        kill_all(lambda: _tree(pid))

    def kill_everything(self) -> None:
        """Power failure: every process of the machine, at once."""
        kill_all(self.all)
        with self._lock:
            self._entries.clear()

    def _entry(self, pid: int, stat: _Stat) -> _Entry | None:
        with self._lock:
            entry = self._entries.get(pid)
            if entry is not None and entry.ticks != stat.ticks:
                del self._entries[pid]  # the number was given to another process
                return None
            return entry


def kill_all(find: Callable[[], Iterable[int]]) -> None:
    """Kills what `find` names until nothing new turns up, and waits until it is gone."""
    killed: set[int] = set()
    while found := set(find()) - killed:
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        killed |= found
    deadline = time.monotonic() + _DEATH_WAIT_S
    while any(alive(pid) for pid in killed) and time.monotonic() < deadline:
        time.sleep(0.002)


def alive(pid: int) -> bool:
    """Whether a process runs (one that ended and was not yet waited for doesn't)."""
    stat = _stat(pid)
    return stat is not None and stat.alive


def _stat(pid: int) -> _Stat | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text("ascii", "replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return _Stat(fields[0] not in "ZX", int(fields[1]), int(fields[19]))


def _variables(pid: int) -> list[bytes]:
    try:
        return (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _pids() -> list[int]:
    return [int(name) for name in os.listdir(_PROC) if name.isdigit()]  # noqa: PTH208


def _tree(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for each in _pids():
        stat = _stat(each)
        if stat is not None:
            children.setdefault(stat.parent, []).append(each)
    found = [pid]
    for each in found:
        found.extend(children.get(each, ()))
    return found


@cache
def _boot_time_s() -> float:
    lines = (_PROC / "stat").read_text("ascii").splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("btime ")))


def _started(ticks: int) -> str:
    return datetime.fromtimestamp(_boot_time_s() + ticks / os.sysconf("SC_CLK_TCK"), UTC).isoformat()
