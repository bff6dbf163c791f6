"""A controller's end of a worker's stdin and stdout."""

import contextlib
import hashlib
import queue
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from deploy.wire.frames import Frame, FrameDecoder, FrameError, encode, encode_json

DEADLINE_S = 30.0
ANSWER_S = 45.0
CHUNK = 1024 * 1024
Stream = bytes | Iterable[bytes]


@dataclass(frozen=True)
class Answer:
    """What came back for one request."""

    ok: bool
    result: dict[str, Any]
    error: dict[str, Any]
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def code(self) -> str:
        """The error's code, empty when it went well."""
        return str(self.error.get("code", ""))


class Connection:
    """Frames to and from one worker process."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self.run, self.epoch = "", 0
        self._seq = 0
        self._frames: queue.Queue[Frame | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def write(self, data: bytes) -> None:
        """Raw bytes to the worker's stdin."""
        assert self.process.stdin is not None
        view = memoryview(data)
        while view:
            view = view[self.process.stdin.write(view) or 0 :]
        self.process.stdin.flush()

    def frame(self) -> Frame | None:
        """The next frame, None once stdout has ended."""
        try:
            return self._frames.get(timeout=DEADLINE_S)
        except queue.Empty:
            raise AssertionError(f"the worker said nothing for {DEADLINE_S} s") from None

    def hello(self, module: bytes) -> dict[str, Any]:
        """The first event, after the module was sent where it was asked for."""
        event = self._event()
        if event["event"] == "need-agent":
            self.write(encode(Frame("D", 0, module)) + encode(Frame("D", 0, b"")))
            event = self._event()
        return event

    def send(self, verb: str, args: dict[str, Any], data: Iterable[Stream] = (), **changes: Any) -> int:
        """Sends a request with its streams, each as bytes or piece by piece; gives its seq."""
        self._seq += 1
        streams = list(data)
        request = {"v": 1, "verb": verb, "args": args, "data": len(streams)}
        if self.run:
            request |= {"run": self.run, "epoch": self.epoch}
        self.write(encode_json("Q", self._seq, {**request, **changes}))
        for stream in streams:
            for piece in _pieces(stream) if isinstance(stream, bytes) else stream:
                self.write(encode(Frame("D", self._seq, piece)))
            self.write(encode(Frame("D", self._seq, b"")))
        return self._seq

    def answer(self, seq: int) -> Answer:
        """The answer to a request, and the events before it."""
        events: list[dict[str, Any]] = []
        until = time.monotonic() + ANSWER_S
        while True:
            assert time.monotonic() < until, f"no answer within {ANSWER_S} s, only events: {events[-1:]}"
            frame = self.frame()
            assert frame is not None, f"the worker ended: {self.stderr()}"
            if frame.seq < seq:
                continue  # of a request whose answer nobody waited for
            assert frame.seq == seq
            value = frame.json()
            if frame.kind == "A":
                return Answer(value["ok"], value.get("result", {}), value.get("error", {}), events)
            events.append(value)

    def ask(self, verb: str, args: dict[str, Any] | None = None, data: Iterable[Stream] = (), **changes: Any) -> Answer:
        """A request and its answer."""
        return self.answer(self.send(verb, args or {}, data, **changes))

    def must(self, verb: str, args: dict[str, Any] | None = None, data: Iterable[Stream] = ()) -> dict[str, Any]:
        """The result of a request that has to go well."""
        answer = self.ask(verb, args, data)
        assert answer.ok, answer.error
        return answer.result

    def stream(self) -> bytes:
        """The data stream that follows an answer."""
        return b"".join(self.pieces())

    def pieces(self) -> Iterator[bytes]:
        """The same, piece by piece."""
        while (frame := self.frame()) is not None and frame.payload:
            assert frame.kind == "D"
            yield frame.payload

    def lock(self, run: str = "run-1", epoch: int = 0) -> dict[str, Any]:
        """Takes the run lock and uses it from now on."""
        args = {"run": run, "who": "tester", "kind": "deploy", "since": "2026-01-01T00:00:00Z", "epoch": epoch}
        granted = self.must("lock.acquire", args)
        self.run, self.epoch = run, granted["epoch"]
        return granted

    def apply(self, *steps: dict[str, Any], data: Iterable[Stream] = (), dry: bool = False) -> list[dict[str, Any]]:
        """Results of steps that have to go well."""
        return list(self.must("apply", {"steps": list(steps), "dry": dry}, data)["results"])

    def change(self, *steps: dict[str, Any], data: Iterable[Stream] = (), dry: bool = False) -> list[bool]:
        """Whether each of steps that have to go well changed anything."""
        return [result["changed"] for result in self.apply(*steps, data=data, dry=dry)]

    def refusal(self, failing: dict[str, Any], data: Iterable[Stream] = (), **changes: Any) -> str:
        """The error code of a step that has to fail."""
        answer = self.ask("apply", {"steps": [failing], **changes}, data)
        assert not answer.ok, f"{failing} went well"
        assert answer.error["where"] == failing["id"]
        return answer.code

    def end(self) -> int:
        """Ends stdin; gives the exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(DEADLINE_S)

    def close(self) -> None:
        """Ends the worker in any case."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait(DEADLINE_S)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def stderr(self) -> str:
        """What the worker complained about; only after its end."""
        self.process.wait(DEADLINE_S)
        return self.process.stderr.read().decode() if self.process.stderr else ""

    def _event(self) -> dict[str, Any]:
        frame = self.frame()
        assert frame is not None, f"the worker ended: {self.stderr()}"
        assert (frame.kind, frame.seq) == ("E", 0)
        return frame.json()

    def _read(self) -> None:
        assert self.process.stdout is not None
        decoder = FrameDecoder()
        with contextlib.suppress(OSError, ValueError, FrameError):
            while data := self.process.stdout.read(CHUNK):
                for frame in decoder.feed(data):
                    self._frames.put(frame)
        self._frames.put(None)


def _pieces(content: bytes) -> Iterator[bytes]:
    for at in range(0, len(content), CHUNK):
        yield content[at : at + CHUNK]


def step(
    verb: str, id_: str = "", expect: dict[str, Any] | None = None, deadline_s: float = 30, **args: Any
) -> dict[str, Any]:
    """A step; its id is the verb unless `id_` says otherwise."""
    return {"id": id_ or verb, "verb": verb, "args": args, "expect": expect, "deadline_s": deadline_s}


def sha256(data: bytes) -> str:
    """Digest, lower hex."""
    return hashlib.sha256(data).hexdigest()
