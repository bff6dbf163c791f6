"""One command at work: what it reads, what it writes, which processes it has, how it ends."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping
from pathlib import PureWindowsPath
from typing import Protocol

from deploy.sandbox.wsman.pipes import INPUT_LIMIT, OUTPUT_LIMIT, Closed, Pipe

KILLED_EXIT_CODE = 1


class Job:
    """The running command as its program sees it. `encoding` is that of the shell's code page."""

    def __init__(
        self, command_line: str, environment: Mapping[str, str], directory: PureWindowsPath, encoding: str
    ) -> None:
        self.command_line = command_line
        self.environment = dict(environment)
        self.directory = directory
        self.encoding = encoding
        self.stdin = Pipe(INPUT_LIMIT)
        self.output = Pipe(OUTPUT_LIMIT)
        self.cancelled = threading.Event()
        self.exit_code: int | None = None
        self._lock = threading.Lock()
        self._processes: list[subprocess.Popen[bytes]] = []

    def write(self, data: bytes, stream: str = "stdout") -> None:
        """Output, waiting for room; raises Closed once the command was ended."""
        self.output.put(data, stream)

    def attach(self, process: subprocess.Popen[bytes]) -> None:
        """A process (leader of a session of its own) that must not outlive this command."""
        with self._lock:
            self._processes.append(process)
            killed = self.cancelled.is_set()
        if killed:
            _kill_tree(process)

    def kill(self) -> None:
        """Ends the command and its processes at once."""
        with self._lock:
            self.cancelled.set()
            processes = list(self._processes)
        self.stdin.break_()
        self.output.break_()
        for process in processes:
            _kill_tree(process)


class Runner(Protocol):
    """Whatever carries out command lines."""

    def run(self, job: Job, through_cmd: bool) -> int:
        """Carries one out and gives its exit code; `through_cmd` is false with WINRS_SKIP_CMD_SHELL."""


def start(job: Job, runner: Runner, through_cmd: bool) -> None:
    """Runs the job on a thread of its own."""

    def work() -> None:
        code = KILLED_EXIT_CODE
        try:
            code = runner.run(job, through_cmd)
        except Closed:
            pass
        finally:
            job.exit_code = code
            job.stdin.break_()
            job.output.end()

    threading.Thread(target=work, name="command", daemon=True).start()


def _kill_tree(process: subprocess.Popen[bytes]) -> None:
    """Windows ends the whole job object; here a session's process group is that job."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
