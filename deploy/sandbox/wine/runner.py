"""Carries out the command lines of WS-Man shells on a Wine machine: real Windows processes, streams and exit codes."""

import contextlib
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from typing import IO

from deploy.sandbox.wine import members
from deploy.sandbox.wine.batch import divide, frame_file, line_file
from deploy.sandbox.wine.disk import OWN
from deploy.sandbox.wine.machine import WineMachine
from deploy.sandbox.wsman.job import KILLED_EXIT_CODE, Job
from deploy.sandbox.wsman.pipes import Closed

if sys.platform != "win32":  # simulated hosts run elsewhere only; reading this module works everywhere
    import fcntl

ENV_JOB = "SANDBOX_JOB"
MAX_LINE = 8191
UNKNOWN_IN_BATCH = 9009
"""What a batch file, which carries the line, ends with where the line by itself ends with 1: no such program."""
PIPE_BYTES = 1024 * 1024
READ_BYTES = 256 * 1024


class WineRunner:
    """See `wsman.job.Runner`. Everything goes through cmd.exe, which goes into the shell's folder.

    What a command started ends with it.
    """

    def __init__(self, machine: WineMachine) -> None:
        self._machine = machine

    def run(self, job: Job, through_cmd: bool) -> int:
        """Carries one out; exit code 1 when the power goes."""
        if len(job.command_line) > MAX_LINE:
            job.write(b"The command line is too long.\r\n", "stderr")
            return 1
        name = uuid.uuid4().hex
        files = _JobFiles(self._machine.disk.drive / OWN / "jobs", name)
        inherited, own = divide(job.environment)
        try:
            files.write(job, own)
            process = self._machine.run(
                ["cmd.exe", "/d", "/c", str(files.on_machine("frame.cmd"))],
                {**inherited, ENV_JOB: name},
                "command",
                subprocess.PIPE,
            )
            return self._follow(job, process, name, files)
        except OSError:  # the power went in between
            return KILLED_EXIT_CODE
        finally:
            files.remove()

    def _follow(self, job: Job, process: "subprocess.Popen[bytes]", name: str, files: "_JobFiles") -> int:
        job.attach(process)
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        for stream in (process.stdin, process.stdout):
            # A frame that fits the pipe reaches the client in one piece. The system may refuse: then it takes longer.
            with contextlib.suppress(OSError):
                fcntl.fcntl(stream, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        readers = [
            threading.Thread(target=_forward, args=(process.stdout, job.write), daemon=True),
            threading.Thread(
                target=_forward, args=(process.stderr, lambda data: job.write(data, "stderr")), daemon=True
            ),
        ]
        writer = threading.Thread(target=_feed, args=(job, process.stdin), daemon=True)
        for thread in (*readers, writer):
            thread.start()
        code = process.wait()
        members.end({ENV_JOB: name})
        for reader in readers:
            reader.join()
        job.stdin.break_()
        writer.join()
        return KILLED_EXIT_CODE if code < 0 else files.exit_code(code)


class _JobFiles:
    """The files of one command, on the machine's disk."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name

    def on_machine(self, end: str) -> PureWindowsPath:
        return PureWindowsPath("C:/", OWN, "jobs", f"{self._name}-{end}")

    def write(self, job: Job, variables: dict[str, str]) -> None:
        line = line_file(job.command_line)
        frame = frame_file(self.on_machine("line.cmd"), self.on_machine("code"), job.directory, variables)
        for end, text in (("line.cmd", line), ("frame.cmd", frame)):
            self._local(end).write_bytes(text.encode(job.encoding, "replace"))

    def exit_code(self, otherwise: int) -> int:
        """What the line ended with: all 32 bits, as Windows shows them without a sign."""
        try:
            code = int(self._local("code").read_text("ascii")) & 0xFFFFFFFF
        except (OSError, ValueError):
            return otherwise
        return 1 if code == UNKNOWN_IN_BATCH else code

    def remove(self) -> None:
        for end in ("line.cmd", "frame.cmd", "code"):
            with contextlib.suppress(OSError):
                self._local(end).unlink()

    def _local(self, end: str) -> Path:
        return self._folder / f"{self._name}-{end}"


def _forward(source: IO[bytes], write: Callable[[bytes], None]) -> None:
    """Output as soon as there is any, until the end or until nobody wants it."""
    with source, contextlib.suppress(Closed, OSError):
        while data := os.read(source.fileno(), READ_BYTES):
            write(data)


def _feed(job: Job, target: IO[bytes]) -> None:
    with contextlib.suppress(OSError, Closed), target:
        while data := job.stdin.read(READ_BYTES):
            view = memoryview(data)
            while view:
                view = view[os.write(target.fileno(), view) :]
