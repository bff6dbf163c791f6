"""A real PowerShell engine with the core of the host half, over a toy world (standins.ps1)."""

import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from deploy.windows.agent_bundle import join, parts
from deploy.wire.bootstrap import ENV_AGENT, ENV_BOOT, ENV_ROOT
from deploy.wire.frames import Frame, FrameDecoder, encode, encode_json
from deploy.wire.journal import Journal, decode_records, encode_record

HERE = Path(__file__).parent
AGENT = Path(__file__).parents[3] / "deploy/windows/agent"
WAIT_S = 30.0


def engine() -> str:
    """Path of PowerShell: DEPLOY_TEST_PWSH, or `pwsh` on PATH; skips the test when there is neither."""
    found = os.environ.get("DEPLOY_TEST_PWSH") or shutil.which("pwsh")
    if not found:
        pytest.skip("no PowerShell: set DEPLOY_TEST_PWSH or put pwsh on PATH")
    return found


@cache
def core_module() -> tuple[bytes, str]:
    """The module's core with the stand-ins in place of primitives and facts, and its SHA-256."""
    found = parts(AGENT)
    core = [path for path in found if path.parent.name == "core"]
    text = join((*core[:-1], HERE / "standins.ps1", core[-1]))
    return text, hashlib.sha256(text).hexdigest()


def await_that(condition: Callable[[], Any], what: str, timeout_s: float = WAIT_S) -> Any:
    """The condition's first true value."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.01)
    raise AssertionError(f"waited {timeout_s:g} s for {what}")


@dataclass
class Host:
    """A root folder with the module in it, and the processes that a test started."""

    root: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    agent: str = field(default_factory=lambda: core_module()[1])

    def install(self) -> "Host":
        """Puts the module where boot.ps1 would."""
        folder = self.root / "infrastructure/agent"
        folder.mkdir(parents=True, exist_ok=True)
        self.module.write_bytes(core_module()[0])
        shutil.copyfile(AGENT / "executor.ps1", folder / "executor.ps1")
        return self

    @property
    def module(self) -> Path:
        return self.root / f"infrastructure/agent/{self.agent}.psm1"

    def popen(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """Starts the engine, with pipes."""
        process = subprocess.Popen(
            [engine(), "-NoProfile", "-NonInteractive", *arguments],
            env={**os.environ, ENV_ROOT: str(self.root), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        self.processes.append(process)
        return process

    def start_executor(self, kill_at: str = "", **environment: str) -> subprocess.Popen[bytes]:
        arguments = ["-Module", str(self.module), "-Root", str(self.root), "-Agent", self.agent]
        if kill_at:
            arguments += ["-KillAt", kill_at]
        return self.popen("-File", str(HERE / "run_executor.ps1"), *arguments, **environment)

    def settle(self, kill_at: str = "", **environment: str) -> int:
        """Runs the executor to its end; gives its exit status (-9: it killed itself)."""
        process = self.start_executor(kill_at, **environment)
        _, errors = process.communicate(timeout=WAIT_S)
        assert kill_at or process.returncode == 0, errors.decode()
        return process.returncode

    def boot(self, boot: str, **environment: str) -> "Worker":
        """A worker by the constant command, as a shell starts it."""
        command = "&([ScriptBlock]::Create($env:TSDEPLOY_BOOT))"
        variables = {ENV_AGENT: self.agent, ENV_BOOT: boot, **environment}
        return Worker(self.popen("-ExecutionPolicy", "Bypass", "-Command", command, **variables))

    def work(self, silence_s: float = 60, kill_at: str = "", **environment: str) -> "Worker":
        """A worker that has said `ready`."""
        arguments = ["-Module", str(self.module), "-Root", str(self.root), "-Agent", self.agent]
        arguments += ["-SilenceS", str(silence_s)]
        if kill_at:
            arguments += ["-KillAt", kill_at]
        worker = Worker(self.popen("-File", str(HERE / "run_worker.ps1"), *arguments, **environment))
        assert worker.next().json()["event"] == "ready"
        return worker

    def journal_path(self, tx: str) -> Path:
        return self.root / f"state/transactions/{tx}.journal"

    def journal(self, tx: str) -> Journal:
        return decode_records(self.journal_path(tx).read_bytes())

    def write_journal(self, tx: str, *records: dict[str, Any]) -> None:
        """A journal as an executor would have left it."""
        path = self.journal_path(tx)
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / f"{tx}.d").mkdir(exist_ok=True)
        path.write_bytes(b"".join(encode_record(record) for record in records))

    def submitted(self, tx: str, steps: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
        """A `submitted` record of now, on the engine's clock."""
        stamp = {"at": "2026-11-24T18:10:00Z", "up": time.monotonic(), "boot": "boot-1"}
        rest = {"tx": tx, "run": "r1", "epoch": 1, "agent": self.agent, "await_s": 60, "steps": steps}
        record = {"t": "submitted", **stamp, **rest, **changes}
        self.grant(record["run"], record["epoch"])
        return record

    def grant(self, run: str | None, epoch: int) -> None:
        """A lock's record as a worker would have written it."""
        path = self.root / "state/lock.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"run": run, "who": "operator", "kind": "deploy", "since": "now", "epoch": epoch}))

    def world(self, name: str) -> str | None:
        path = self.root / "world" / name
        return path.read_text() if path.exists() else None

    def set_world(self, name: str, value: str) -> None:
        (self.root / "world").mkdir(exist_ok=True)
        (self.root / "world" / name).write_text(value)

    def effects(self) -> list[str]:
        return (self.world("effects.log") or "").splitlines()

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                assert pipe is not None
                pipe.close()


class Worker:
    """The controller's end of a worker."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._decoder = FrameDecoder()
        self._frames: Iterator[Frame] = iter(())
        self._seq = 0

    def send(self, data: bytes) -> None:
        assert self.process.stdin is not None
        view = memoryview(data)
        while view:
            view = view[self.process.stdin.write(view) :]

    def next(self) -> Frame:
        """The next frame; fails with the worker's diagnostics when it ended."""
        assert self.process.stdout is not None
        while True:
            for frame in self._frames:
                return frame
            data = os.read(self.process.stdout.fileno(), 1 << 20)
            if not data:
                assert self.process.stderr is not None
                raise AssertionError(f"the worker ended: {self.process.stderr.read().decode()}")
            self._frames = self._decoder.feed(data)

    def ask(self, verb: str, args: dict[str, Any] | None = None, *streams: bytes, **envelope: Any) -> int:
        """Sends a request with its data; gives its seq."""
        self._seq += 1
        request = {"v": 1, "verb": verb, "run": "r1", "epoch": 1, "args": args or {}, "data": len(streams), **envelope}
        self.send(encode_json("Q", self._seq, request))
        for stream in streams:
            for at in range(0, len(stream), 1 << 20):
                self.send(encode(Frame("D", self._seq, stream[at : at + (1 << 20)])))
            self.send(encode(Frame("D", self._seq, b"")))
        return self._seq

    def answer(self, seq: int) -> dict[str, Any]:
        """The answer to a request, after its progress events."""
        while True:
            frame = self.next()
            assert frame.seq == seq
            if frame.kind == "A":
                return frame.json()

    def call(self, verb: str, args: dict[str, Any] | None = None, *streams: bytes, **envelope: Any) -> dict[str, Any]:
        """The result of a request that must succeed."""
        answer = self.answer(self.ask(verb, args, *streams, **envelope))
        assert answer["ok"], answer
        result: dict[str, Any] = answer["result"]
        return result

    def refusal(
        self, verb: str, args: dict[str, Any] | None = None, *streams: bytes, **envelope: Any
    ) -> dict[str, Any]:
        """The error of a request that must fail."""
        answer = self.answer(self.ask(verb, args, *streams, **envelope))
        assert not answer["ok"], answer
        error: dict[str, Any] = answer["error"]
        return error

    def lock(self, run: str = "r1", epoch: int = 1) -> dict[str, Any]:
        wanted = {"run": run, "who": "operator", "kind": "deploy", "since": "2026-11-24T18:10:00Z", "epoch": epoch}
        return self.call("lock.acquire", wanted, run=run)

    def end(self) -> int:
        """Ends the input; gives the exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(WAIT_S)
