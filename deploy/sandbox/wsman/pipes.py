"""Bounded byte streams between requests and a running command: who is too fast has to wait."""

import threading
from collections import deque
from dataclasses import dataclass, field

OUTPUT_LIMIT = 2 * 1024 * 1024
INPUT_LIMIT = 4 * 1024 * 1024


class Closed(Exception):  # noqa: N818  # a state, not a defect
    """The other side is gone."""


@dataclass(slots=True)
class Chunk:
    """Bytes of one output stream."""

    stream: str
    data: bytes


@dataclass(slots=True)
class _Queue:
    chunks: deque[Chunk] = field(default_factory=deque)
    size: int = 0


class Pipe:
    """A queue of chunks with a limit in bytes. A chunk larger than the limit still passes when the pipe is empty."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._changed = threading.Condition()
        self._queue = _Queue()
        self._ended = False
        self._broken = False

    def put(self, data: bytes, stream: str = "stdin", timeout_s: float | None = None) -> None:
        """Adds bytes, waiting for room; raises Closed, or TimeoutError with nothing added."""
        if not data:
            return
        with self._changed:
            if not self._changed.wait_for(lambda: self._shut or self._fits(len(data)), timeout_s):
                raise TimeoutError
            if self._shut:
                raise Closed
            self._queue.chunks.append(Chunk(stream, data))
            self._queue.size += len(data)
            self._changed.notify_all()

    def end(self) -> None:
        """No more bytes will come; those that are there can still be read."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def break_(self) -> None:
        """Drops everything; both sides find it closed."""
        with self._changed:
            self._broken = True
            self._queue = _Queue()
            self._changed.notify_all()

    def take(self, most: int, timeout_s: float | None = None) -> list[Chunk]:
        """What is there, at most `most` bytes, as soon as there is any; empty after the end; raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._shut or self._queue.chunks, timeout_s):
                raise TimeoutError
            taken = self._cut(most)
            self._changed.notify_all()
            return taken

    def read(self, most: int) -> bytes:
        """Bytes for a reader that waits; empty after the end."""
        return b"".join(chunk.data for chunk in self.take(most))

    @property
    def drained(self) -> bool:
        """Ended, and everything was read."""
        with self._changed:
            return self._shut and not self._queue.chunks

    @property
    def broken(self) -> bool:
        """Whether it was cut off."""
        return self._broken

    @property
    def _shut(self) -> bool:
        return self._ended or self._broken

    def _fits(self, size: int) -> bool:
        return not self._queue.chunks or self._queue.size + size <= self._limit

    def _cut(self, most: int) -> list[Chunk]:
        queue, taken = self._queue, []
        while queue.chunks and most > 0:
            chunk = queue.chunks.popleft()
            if len(chunk.data) > most:
                queue.chunks.appendleft(Chunk(chunk.stream, chunk.data[most:]))
                chunk = Chunk(chunk.stream, chunk.data[:most])
            taken.append(chunk)
            most -= len(chunk.data)
            queue.size -= len(chunk.data)
        return taken
