"""Time as a port: a run is told what time it is."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time for people, monotonic time for deadlines."""

    def now(self) -> datetime:
        """Aware UTC."""

    def monotonic(self) -> float:
        """Seconds; only differences mean anything."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds; only differences mean anything."""
        return time.monotonic()


def stamp(clock: Clock) -> str:
    """Now, as it stands in records: UTC, whole seconds."""
    return clock.now().isoformat(timespec="seconds").replace("+00:00", "Z")


_: Clock = SystemClock()
