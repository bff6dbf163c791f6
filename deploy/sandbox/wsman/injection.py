"""Faults injected on the wire's side of a host: connections dropped, logins refused, shells deleted, latency."""

import threading
from typing import Literal

KINDS = ("drop-connection", "delete-shell", "refuse-login", "latency")
When = Literal["before", "after"]


class Injection:
    """What is armed at present. Thread-safe.

    `drop-connection` and `delete-shell` happen once, at a label `before`, `after`, or with an action behind it
    (`before:Command`, `after:Receive`); `refuse-login` and `latency` (label: milliseconds a request) stay armed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: dict[str, str] = {}

    def arm(self, kind: str, label: str) -> None:
        """Arms a fault; ValueError for an unknown kind or label."""
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is no fault of the connection; there are {', '.join(KINDS)}")
        if kind == "latency" and not label.isdecimal():
            raise ValueError(f"latency {label!r} is not a number of milliseconds")
        if kind in {"drop-connection", "delete-shell"} and label.partition(":")[0] not in {"", "before", "after"}:
            raise ValueError(f"{label!r} is neither before nor after, with or without an action: before:Command")
        with self._lock:
            self._armed[kind] = label

    def clear(self, kind: str | None) -> None:
        """Disarms one kind, or all."""
        with self._lock:
            if kind is None:
                self._armed.clear()
            else:
                self._armed.pop(kind, None)

    def armed(self) -> dict[str, str]:
        """Kind → label of what waits."""
        with self._lock:
            return dict(self._armed)

    def refuses_login(self) -> bool:
        """Whether every login fails now."""
        return "refuse-login" in self.armed()

    def latency_s(self) -> float:
        """Seconds that every request waits."""
        return int(self.armed().get("latency", "0")) / 1000

    def takes(self, kind: str, when: When, action: str) -> bool:
        """Whether the fault strikes here; it is then disarmed."""
        with self._lock:
            label = self._armed.get(kind)
            if label is None:
                return False
            wanted_when, _, wanted_action = label.partition(":")
            if (wanted_when or "before") != when or wanted_action not in {"", action}:
                return False
            del self._armed[kind]
            return True
