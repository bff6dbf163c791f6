"""A WS-Man host whose worker is a Python function in this process: real wire, scripted answers."""

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath
from typing import Any

from deploy.model.secret import Secret
from deploy.sandbox.wsman import certificates
from deploy.sandbox.wsman.accounts import Accounts
from deploy.sandbox.wsman.job import Job
from deploy.sandbox.wsman.server import Endpoint as Listening
from deploy.sandbox.wsman.server import WsmanHost
from deploy.sandbox.wsman.shells import Quotas
from deploy.winrm.endpoint import Endpoint
from deploy.wire import bootstrap
from deploy.wire.errors import WireError
from deploy.wire.frames import Frame, FrameDecoder, encode, encode_json

USER = "deployer"
PASSWORD = "correct horse Ünïcode"
MODULE_TEXT = b"# the module\n" * 100


@dataclass(frozen=True, slots=True)
class Bundle:
    """A module that nobody runs."""

    text: bytes = MODULE_TEXT
    sha256: str = hashlib.sha256(MODULE_TEXT).hexdigest()
    boot: str = "# boots"


@dataclass(slots=True)
class Asked:
    """One request as the worker got it."""

    verb: str
    args: dict[str, Any]
    run: str
    epoch: int
    streams: list[bytes] = field(default_factory=list)
    seq: int = 0


class Speaker:
    """What a scripted verb can say."""

    def __init__(self, job: Job, asked: Asked) -> None:
        self.job, self.asked = job, asked

    def progress(self, **fields: Any) -> None:
        """A progress event."""
        self.job.write(encode_json("E", self.asked.seq, {"event": "progress", **fields}))

    def stream(self, data: bytes) -> None:
        """A data stream behind the answer, which must have been written by the verb itself."""
        self.job.write(encode(Frame("D", self.asked.seq, data)) + encode(Frame("D", self.asked.seq, b"")))

    def answer(self, result: dict[str, Any]) -> None:
        """The answer, for verbs that send data after it; they return None."""
        self.job.write(encode_json("A", self.asked.seq, {"ok": True, "result": result}))


Verb = Callable[[Asked, Speaker], dict[str, Any] | None]


class Died(Exception):  # noqa: N818  # the event's name
    """Raised by a verb: the worker ends at once with words on stderr."""


class ScriptedWorker:
    """Runs the worker's command line; any other command line is a plain one: it echoes itself and its stdin."""

    def __init__(self, verbs: dict[str, Verb], has_module: bool = True) -> None:
        self.verbs, self.has_module = verbs, has_module
        self.asked: list[Asked] = []
        self.heartbeats = 0
        self.uploaded: list[bytes] = []
        self.plain: list[tuple[str, dict[str, str], bytes]] = []
        self.plain_answer: tuple[int, bytes, bytes] | None = None
        self.greeting: dict[str, Any] | None = None
        self.starts = 0
        self.alive: set[Job] = set()

    def run(self, job: Job, through_cmd: bool) -> int:
        """Implements wsman.job.Runner."""
        assert through_cmd
        if job.command_line != bootstrap.COMMAND:
            return self._plain(job)
        self.starts += 1
        self.alive.add(job)
        try:
            return self._worker(job)
        finally:
            self.alive.discard(job)

    def _worker(self, job: Job) -> int:
        frames = self._frames(job)
        if self.greeting is not None:
            job.write(encode_json("E", 0, self.greeting))
            return 3
        if not self.has_module:
            job.write(encode_json("E", 0, {"event": "need-agent"}))
            self.uploaded.append(b"".join(self._stream(frames)))
            self.has_module = True
        ready = {"event": "ready", "protocol": 1, "agent": job.environment[bootstrap.ENV_AGENT], "pid": 7}
        job.write(encode_json("E", 0, ready))
        try:
            self._serve(job, frames)
        except Died as exc:
            job.write(str(exc).encode(), "stderr")
            return 9
        return 0

    def _plain(self, job: Job) -> int:
        parts = []
        while data := job.stdin.read(65536):
            parts.append(data)
        self.plain.append((job.command_line, job.environment, b"".join(parts)))
        code, out, err = self.plain_answer or (0, job.command_line.encode() + b"\r\n", b"")
        job.write(out)
        job.write(err, "stderr")
        return code

    def _serve(self, job: Job, frames: Iterator[Frame]) -> None:
        for frame in frames:
            if frame.kind == "E":
                self.heartbeats += 1
                continue
            value = frame.json()
            asked = Asked(value["verb"], value["args"], value["run"], value["epoch"], seq=frame.seq)
            asked.streams = [b"".join(self._stream(frames)) for _ in range(value["data"])]
            self.asked.append(asked)
            self._answer(job, asked)

    def _answer(self, job: Job, asked: Asked) -> None:
        try:
            result = self.verbs[asked.verb](asked, Speaker(job, asked))
        except WireError as error:
            job.write(encode_json("A", asked.seq, {"ok": False, "error": error.as_json()}))
            return
        if result is not None:
            job.write(encode_json("A", asked.seq, {"ok": True, "result": result}))

    @staticmethod
    def _frames(job: Job) -> Iterator[Frame]:
        decoder = FrameDecoder()
        while data := job.stdin.read(1 << 20):
            yield from decoder.feed(data)

    @staticmethod
    def _stream(frames: Iterator[Frame]) -> Iterator[bytes]:
        for frame in frames:
            assert frame.kind == "D"
            if not frame.payload:
                return
            yield frame.payload


class ScriptedHost:
    """A listening host; `endpoint` gives ways to it. Counts HTTP requests by what the client says."""

    def __init__(self, folder: Path, address: str, worker: ScriptedWorker, quotas: Quotas | None = None) -> None:
        self.worker, self.address = worker, address
        self.files = certificates.CertificateFiles(folder)
        certificates.make(self.files, [("web01", address)], USER, dt.datetime.now(dt.UTC))
        accounts = Accounts({USER: PASSWORD}, ["WEB01"])
        accounts.publish(folder / "ntlm")
        self.wsman = WsmanHost(
            "WEB01",
            Listening(address, 0, 0),
            accounts,
            certificates.server_context(self.files),
            worker,
            {"COMPUTERNAME": "WEB01"},
            PureWindowsPath(r"C:\Users\deployer"),
            lambda _path: True,
            quotas,
        )
        self.wsman.start()
        self.counted: Counter[str] = Counter()

    def count(self, sent: int, received: int) -> None:
        """A transport's counter."""
        self.counted["requests"] += 1
        self.counted["sent"] += sent
        self.counted["received"] += received

    def endpoint(self, scheme: str = "http", **changes: Any) -> Endpoint:
        """NTLM over HTTP unless told otherwise."""
        http, https = self.wsman.ports
        settings: dict[str, Any] = {
            "name": "web01",
            "address": self.address,
            "scheme": scheme,
            "port": https if scheme == "https" else http,
            "user": USER,
            "password": Secret(PASSWORD),
            "ca": self.files.ca,
            **changes,
        }
        return Endpoint(**settings)

    def close(self) -> None:
        """Stops listening."""
        self.wsman.stop()


def echo(asked: Asked, _speaker: Speaker) -> dict[str, Any]:
    """A verb that answers what it got."""
    return {
        "args": json.loads(json.dumps(asked.args)),
        "sizes": [len(data) for data in asked.streams],
        "digests": [hashlib.sha256(data).hexdigest() for data in asked.streams],
    }
