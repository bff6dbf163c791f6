"""Carries out the command lines of WS-Man shells on a Wine machine: real Windows processes, streams and exit codes."""

import contextlib
import subprocess
import uuid
from pathlib import Path, PureWindowsPath

from deploy.sandbox.wine import members
from deploy.sandbox.wine.batch import divide, frame_file, line_file
from deploy.sandbox.wine.disk import OWN
from deploy.sandbox.wine.machine import WineMachine
from deploy.sandbox.wsman.job import KILLED_EXIT_CODE, Job
from deploy.sandbox.wsman.joining import join

ENV_JOB = "SANDBOX_JOB"
MAX_LINE = 8191
UNKNOWN_IN_BATCH = 9009
"""What a batch file, which carries the line, ends with where the line by itself ends with 1: no such program."""


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
        code = join(
            job,
            process,
            job.write,
            lambda data: job.write(data, "stderr"),
            on_end=lambda: members.end({ENV_JOB: name}),
        )
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
