"""Signs of life for workers that pyinfra started by hand: one that hears nothing for 60 s ends, and frees its lock.

Within a run of ours the driver sends them.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.execution.target import Target, TargetLost, TargetRefused

INTERVAL_S = 20.0


@contextmanager
def kept_alive(target: Target, interval_s: float) -> Iterator[None]:
    """Within it, the target is sent a heartbeat now and then. A lost one shows itself at what is asked of it next."""
    ended = threading.Event()
    threading.Thread(target=_beat, args=(target, ended, interval_s), daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _beat(target: Target, ended: threading.Event, interval_s: float) -> None:
    while not ended.wait(interval_s):
        try:
            target.heartbeat()
        except (TargetLost, TargetRefused):
            continue
