"""A worker's silence, on a clock of the test's own."""

import io
import os
from collections.abc import Iterator
from typing import IO

import pytest

from deploy.sandbox.engines.builtin.channel import Channel, Closed, Silent
from deploy.wire.frames import FrameError, encode_json


class Clock:
    """Time passes only when the test says so, or a second at each look."""

    def __init__(self, step_s: float) -> None:
        self.now_s, self._step_s = 0.0, step_s

    def now(self) -> float:
        self.now_s += self._step_s
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.fixture
def pipe() -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    read, write = os.pipe()
    with os.fdopen(read, "rb", 0) as source, os.fdopen(write, "wb", 0) as target:
        yield source, target
        target.close()


def test_silence_ends_the_wait(pipe: tuple[IO[bytes], IO[bytes]]) -> None:
    channel = Channel(pipe[0], io.BytesIO(), Clock(100.0))
    with pytest.raises(Silent):
        channel.receive(60.0)


def test_a_heartbeat_is_a_sign_of_life_and_no_request(pipe: tuple[IO[bytes], IO[bytes]]) -> None:
    channel = Channel(pipe[0], io.BytesIO(), Clock(0.0))
    pipe[1].write(encode_json("E", 0, {"event": "heartbeat"}) * 50 + encode_json("Q", 7, {}))
    assert channel.receive(60.0).seq == 7


def test_the_end(pipe: tuple[IO[bytes], IO[bytes]]) -> None:
    channel = Channel(pipe[0], io.BytesIO(), Clock(0.0))
    pipe[1].close()
    with pytest.raises(Closed):
        channel.receive(60.0)
    assert channel.ended.is_set()


def test_garbage(pipe: tuple[IO[bytes], IO[bytes]]) -> None:
    channel = Channel(pipe[0], io.BytesIO(), Clock(0.0))
    pipe[1].write(b"garbage\n")
    with pytest.raises(FrameError):
        channel.receive(60.0)
