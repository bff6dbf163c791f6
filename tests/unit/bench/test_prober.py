"""The outside observer, before a port that goes away and comes back."""

import socket
import time

import pytest

from deploy.bench import prober
from deploy.bench.not_measured import NotMeasured
from deploy.bench.prober import Prober

ADDRESS = "127.0.89.1"
AWAY_S = 0.4


def _listener(port: int = 0) -> socket.socket:
    return socket.create_server((ADDRESS, port), backlog=512)


def test_it_sees_how_long_a_port_was_away_and_that_another_was_not() -> None:
    with _listener() as staying, _listener() as first:
        stays, leaves = staying.getsockname()[1], first.getsockname()[1]
        with Prober(ADDRESS, (stays, leaves)) as observer:
            first.close()
            gone_s = time.monotonic()
            while time.monotonic() - gone_s < AWAY_S:
                assert not prober.accepts((ADDRESS, leaves))
            with _listener(leaves):
                back_s = time.monotonic()
                while time.monotonic() - back_s < 5 * prober.EVERY_S:
                    prober.accepts((ADDRESS, leaves))
                away_s = observer.stop()
    assert away_s[stays] == 0.0
    assert AWAY_S - prober.EVERY_S <= away_s[leaves] < AWAY_S + 2.0


def test_a_port_that_never_answers_is_no_measurement() -> None:
    with _listener() as brief:
        port = brief.getsockname()[1]
    with pytest.raises(NotMeasured, match="not all ports answered"), Prober(ADDRESS, (port,), patience_s=0.1):
        pass
