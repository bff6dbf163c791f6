"""The worker's end of the frame stream: a thread reads, one writes, both over plain file objects."""

import queue
import threading
from typing import IO, Any

from deploy.sandbox.engines.builtin.clock import Clock
from deploy.wire.frames import MAX_PAYLOAD, Frame, FrameDecoder, FrameError, encode, encode_json

_WAITING_FRAMES = 4
_READ = 1024 * 1024
_SLICE_S = 0.5


class Closed(Exception):  # noqa: N818
    """Stdin ended, in order."""


class Silent(Exception):  # noqa: N818
    """No frame came for too long."""


class Channel:
    """Frames from `source`, frames to `target`. Raises FrameError for anything else on the stream."""

    def __init__(self, source: IO[bytes], target: IO[bytes], clock: Clock) -> None:
        self._source, self._target, self._clock = source, target, clock
        self._frames: queue.Queue[Frame | Exception] = queue.Queue(_WAITING_FRAMES)
        self._writing = threading.Lock()
        self._last_frame = clock.now()
        self.ended = threading.Event()
        """Set as soon as stdin has ended, also while a request is being carried out."""
        threading.Thread(target=self._read, name="frames", daemon=True).start()

    def receive(self, silence_s: float) -> Frame:
        """The next request or data frame; heartbeats only count as signs of life. Raises Closed, Silent, FrameError."""
        waiting_since = self._clock.now()
        while True:
            try:
                found = self._frames.get(timeout=_SLICE_S)
            except queue.Empty:
                if self._clock.now() - max(waiting_since, self._last_frame) >= silence_s:
                    raise Silent from None
                continue
            if isinstance(found, Exception):
                raise found
            return found

    def answer(self, seq: int, result: dict[str, Any]) -> None:
        """`{"ok": true}`."""
        self._send(encode_json("A", seq, {"ok": True, "result": result}))

    def refuse(self, seq: int, error: dict[str, Any]) -> None:
        """`{"ok": false}`."""
        self._send(encode_json("A", seq, {"ok": False, "error": error}))

    def event(self, seq: int, value: dict[str, Any]) -> None:
        """An event."""
        self._send(encode_json("E", seq, value))

    def stream(self, seq: int, source: IO[bytes], size: int) -> None:
        """At most `size` bytes as a data stream, with its empty last frame."""
        left = size
        while left and (chunk := source.read(min(left, MAX_PAYLOAD, _READ))):
            self._send(encode(Frame("D", seq, chunk)))
            left -= len(chunk)
        self._send(encode(Frame("D", seq, b"")))

    def _send(self, data: bytes) -> None:
        with self._writing:
            self._target.write(data)
            self._target.flush()

    def _read(self) -> None:
        decoder = FrameDecoder()
        try:
            while data := self._source.read(_READ):
                for frame in decoder.feed(data):
                    self._last_frame = self._clock.now()
                    if frame.kind != "E" or frame.json().get("event") != "heartbeat":
                        self._frames.put(frame)
            raise FrameError("stdin ended within a frame") if decoder.pending else Closed
        except (Closed, FrameError, OSError) as exc:
            self.ended.set()
            self._frames.put(exc)
