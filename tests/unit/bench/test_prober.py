"""The outside observer, before a port that goes away and comes back."""

import contextlib
import socket
import time

import pytest

from deploy.bench.not_measured import NotMeasured
from deploy.bench.prober import Prober

ADDRESS = "127.0.89.1"
DEADLINE_S = 30.0
TRIES = 5


def _listener(port: int = 0) -> socket.socket:
    listener = socket.create_server((ADDRESS, port), backlog=512)
    listener.settimeout(DEADLINE_S)
    return listener


def _await_tries(listener: socket.socket) -> None:
    """Wait until the observer has come by so many times from now on."""
    listener.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            listener.accept()[0].close()
    listener.settimeout(DEADLINE_S)
    for _ in range(TRIES):
        listener.accept()[0].close()


def test_it_sees_how_long_a_port_was_away_and_that_another_was_not() -> None:
    begun_s = time.monotonic()
    with _listener() as staying, _listener() as first:
        stays, leaves = staying.getsockname()[1], first.getsockname()[1]
        with Prober(ADDRESS, (stays, leaves)) as observer:
            _await_tries(first)
            first.close()
            gone_s = time.monotonic()
            _await_tries(staying)
            back_s = time.monotonic()
            with _listener(leaves) as second:
                _await_tries(second)
                away_s = observer.stop()
    assert away_s[stays] == 0.0
    assert back_s - gone_s <= away_s[leaves] <= time.monotonic() - begun_s


def test_a_port_that_never_answers_is_no_measurement() -> None:
    with _listener() as brief:
        port = brief.getsockname()[1]
    with pytest.raises(NotMeasured, match="not all ports answered"), Prober(ADDRESS, (port,), patience_s=0.1):
        pass
