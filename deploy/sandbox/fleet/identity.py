"""A process that can't be mistaken for a later one of the same id: pid and start time."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STATE, START_TIME = 0, 19
"""Fields of /proc/PID/stat behind the process's name."""


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """`started` in clock ticks since the boot, as the kernel counts them."""

    pid: int
    started: int

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "ProcessIdentity":
        """Reads what `as_json` wrote."""
        return cls(int(value["pid"]), int(value["started"]))

    def as_json(self) -> dict[str, int]:
        """For the pid file."""
        return {"pid": self.pid, "started": self.started}

    def alive(self) -> bool:
        """Whether that very process still runs; a zombie doesn't."""
        fields = _fields(self.pid)
        return fields is not None and fields[STATE] not in {"Z", "X"} and int(fields[START_TIME]) == self.started

    def signal(self, number: int) -> None:
        """Sends a signal, if it still runs."""
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def reap(self) -> None:
        """Takes its exit status when it ended as a child of ours; otherwise nothing happens."""
        if not self.alive():
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, os.WNOHANG)


def identify(pid: int) -> ProcessIdentity:
    """The identity of a process that runs now."""
    fields = _fields(pid)
    return ProcessIdentity(pid, int(fields[START_TIME]) if fields else -1)


def _fields(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()
