"""The run lock where pyinfra was started by hand, so that no run of ours has taken it."""

import getpass
import secrets
import socket
from contextlib import ExitStack
from datetime import UTC, datetime

from deploy.execution.target import Holder, TargetLost, TargetRefused
from deploy.windows.heartbeat import INTERVAL_S, kept_alive
from deploy.windows.target import WindowsTarget


class OwnRun:
    """A run of one host's connector, from its first change to its end."""

    def __init__(self) -> None:
        self._alive = ExitStack()
        self._target: WindowsTarget | None = None

    def begin(self, target: WindowsTarget) -> None:
        """Takes the lock, and keeps the worker alive while other hosts are at work."""
        target.lock(_holder(datetime.now(UTC), secrets.token_hex(3)), 0)
        self._target = target
        self._alive.enter_context(kept_alive(target, INTERVAL_S))

    def end(self) -> None:
        """Gives the lock back if it was taken. Never raises: with its worker it falls free anyway."""
        self._alive.close()
        target, self._target = self._target, None
        try:
            if target is not None:
                target.unlock()
        except (TargetLost, TargetRefused):
            return


def _holder(now: datetime, suffix: str) -> Holder:
    who = f"{getpass.getuser()}@{socket.gethostname()}"
    return Holder(f"{now:%Y%m%dT%H%M%SZ}-prepare-{suffix}", who, "prepare", now.isoformat("T", "seconds"))
