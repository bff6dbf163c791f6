"""The machine's clock: the real one plus an offset that a fault may set."""

import time
from collections.abc import Callable


class Clock:
    """`now_s` is a UTC timestamp in seconds; `monotonic_s` never jumps."""

    def __init__(self, wall_s: Callable[[], float] = time.time) -> None:
        self._wall_s = wall_s
        self.offset_s = 0.0

    def now_s(self) -> float:
        """Wall clock, as wrong as the fault makes it."""
        return self._wall_s() + self.offset_s

    def monotonic_s(self) -> float:
        """Seconds of a clock that only goes forward."""
        return time.monotonic()
