"""Requests and answers over a worker's stdin and stdout, as frames (docs/protocol.md, sections 1 and 2)."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from deploy.winrm.errors import Kind, WinrmTimeout, WorkerDied
from deploy.winrm.session import Received
from deploy.wire.errors import WireError
from deploy.wire.frames import PROTOCOL, Frame, FrameDecoder, FrameError, encode, encode_json

Content = bytes | Path
"""A data stream: bytes, or those of a local file, which is never held as a whole."""
OnEvent = Callable[[dict[str, Any]], None]
_FRAME_BYTES = 1024 * 1024


class Pipe(Protocol):
    """Both ends of a worker; `shell.Process` is one."""

    exit_code: int | None

    def write(self, parts: Iterable[bytes]) -> None:
        """Writes a stream of bytes."""

    def read(self, hold_s: float = ...) -> Received:
        """Waits a while for output."""

    @property
    def diagnostics(self) -> str:
        """The end of stderr."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `silence_s`: how long the worker may say nothing before it counts as lost.

    The channel sends `args` as JSON; whoever has richer ones turns them into JSON and `streams` before.
    """

    verb: str
    args: dict[str, Any]
    run: str = ""
    epoch: int = 0
    streams: tuple[Content, ...] = ()
    wants_stream: bool = False
    silence_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer, and the data stream that followed it, if one was wanted."""

    result: dict[str, Any]
    stream: bytes = b""


class RequestFailed(Exception):  # noqa: N818  # the event's name
    """The worker's own answer to a request it did not carry out; `done` are the results before the error."""

    def __init__(self, error: WireError, done: tuple[dict[str, Any], ...] = ()) -> None:
        super().__init__(str(error))
        self.error, self.done = error, done


class Channel:
    """One worker. Raises WinrmError, RequestFailed; after WorkerDied or a lost connection it is of no more use."""

    def __init__(self, host: str, pipe: Pipe, now: Callable[[], float]) -> None:
        self._host, self._pipe, self._now = host, pipe, now
        self._decoder = FrameDecoder()
        self._frames: deque[Frame] = deque()
        self._seq = 0

    def greet(self, agent: bytes, silence_s: float = 90.0) -> dict[str, Any]:
        """Waits for the worker to be ready, and gives it the module when it lacks it; its `ready` event."""
        while True:
            event = self._next(0, silence_s).json()
            match event.get("event"):
                case "ready" if event.get("protocol") == PROTOCOL:
                    return event
                case "need-agent":
                    self._pipe.write(_stream_frames(0, agent))
                case "refused":
                    raise RequestFailed(WireError.from_json(event.get("error") or {}))
                case _:
                    raise self._died(f"the worker's first word is not of protocol {PROTOCOL}")

    def ask(self, request: Request, on_event: OnEvent | None = None) -> Answer:
        """Sends a request with its streams and waits for its answer; events go to `on_event`."""
        self._seq += 1
        seq = self._seq
        self._pipe.write(_request_frames(seq, request))
        while True:
            frame = self._next(seq, request.silence_s)
            if frame.kind == "E":
                if on_event:
                    on_event(frame.json())
                continue
            if frame.kind != "A":
                raise self._died(f"frame {frame.kind} before the answer to request {seq}")
            return self._answer(frame, request)

    def heartbeat(self) -> None:
        """Tells the worker that its controller lives."""
        self._pipe.write([encode_json("E", 0, {"event": "heartbeat"})])

    def _answer(self, frame: Frame, request: Request) -> Answer:
        """A good answer with its stream, or RequestFailed."""
        value = frame.json()
        if value.get("ok") is not True:
            error = value.get("error") or {}
            raise RequestFailed(WireError.from_json(error), tuple(error.get("done") or value.get("done") or ()))
        stream = b"".join(self._stream(frame.seq, request.silence_s)) if request.wants_stream else b""
        return Answer(value.get("result") or {}, stream)

    def _stream(self, seq: int, silence_s: float) -> Iterator[bytes]:
        """Payloads up to the empty one."""
        while True:
            frame = self._next(seq, silence_s)
            if frame.kind != "D":
                raise self._died(f"frame {frame.kind} within the data of request {seq}")
            if not frame.payload:
                return
            yield frame.payload

    def _next(self, seq: int, silence_s: float) -> Frame:
        """The next frame, which must belong to `seq`."""
        heard = self._now()
        while not self._frames:
            received = self._pipe.read(silence_s)
            try:
                self._frames.extend(self._decoder.feed(received.stdout))
            except FrameError as exc:
                raise self._died(f"what the worker said makes no sense ({exc})") from None
            if self._frames:
                break
            if received.exit_code is not None:
                raise self._died(f"the worker ended with code {received.exit_code} before it answered")
            if received.stdout:
                heard = self._now()
            elif self._now() - heard > silence_s:
                raise WinrmTimeout(self._host, Kind.DIED, f"the worker has been silent for {silence_s:g} s", True)
        frame = self._frames.popleft()
        if frame.seq != seq:
            raise self._died(f"frame {frame.kind} {frame.seq} where {seq} was expected")
        return frame

    def _died(self, what: str) -> WorkerDied:
        return WorkerDied(self._host, what, self._pipe.diagnostics)


def _request_frames(seq: int, request: Request) -> Iterator[bytes]:
    """The request and its data, frame by frame."""
    envelope = {"v": PROTOCOL, "verb": request.verb, "run": request.run, "epoch": request.epoch}
    yield encode_json("Q", seq, {**envelope, "args": request.args, "data": len(request.streams)})
    for stream in request.streams:
        yield from _stream_frames(seq, stream)


def _stream_frames(seq: int, content: Content) -> Iterator[bytes]:
    """One data stream, ended by its empty frame."""
    for payload in _payloads(content):
        yield encode(Frame("D", seq, payload))
    yield encode(Frame("D", seq, b""))


def _payloads(content: Content) -> Iterator[bytes]:
    """Pieces of at most 1 MiB, none empty."""
    if isinstance(content, bytes):
        for at in range(0, len(content), _FRAME_BYTES):
            yield content[at : at + _FRAME_BYTES]
        return
    with content.open("rb") as file:
        while piece := file.read(_FRAME_BYTES):
            yield piece
