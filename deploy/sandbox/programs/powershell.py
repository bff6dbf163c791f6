"""powershell.exe on a simulated host: a real process of the engine, its streams joined to the command's."""

import base64
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Sequence
from typing import IO

from deploy.sandbox.engines.engine import Engine
from deploy.sandbox.machine.kernel import KernelError
from deploy.sandbox.machine.processes import Role
from deploy.sandbox.programs.context import Context
from deploy.sandbox.wsman.job import Job
from deploy.sandbox.wsman.pipes import Closed

if sys.platform != "win32":  # simulated hosts run elsewhere only; reading this module works everywhere
    import fcntl

PIPE_BYTES = 1024 * 1024
READ_BYTES = 256 * 1024


IMAGE = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"
Register = Callable[[int, str, Role], None]
"""Tells the machine of a process (pid, image, role)."""


def run(context: Context, engine: Engine, register: Register, command_line: str, job: Job, takes_stdin: bool) -> int:
    """Starts it and stays until it ends; raises LookupError when the engine doesn't serve this command line."""
    process = engine.launch(context.host.folder, command_line, dict(context.session.environment), streams=True)
    job.attach(process)
    try:
        register(process.pid, IMAGE, "worker")
    except KernelError:  # the power went in between
        job.kill()
        process.communicate()
        raise
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    for stream in (process.stdin, process.stdout):
        # A frame that fits the pipe reaches the client in one piece. The system may refuse: then it takes longer.
        with contextlib.suppress(OSError):
            fcntl.fcntl(stream, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    readers = [
        threading.Thread(target=_forward, args=(process.stdout, context.streams.out), daemon=True),
        threading.Thread(target=_forward, args=(process.stderr, context.streams.err), daemon=True),
    ]
    writer = threading.Thread(target=_feed, args=(job, process.stdin, takes_stdin), daemon=True)
    for thread in (*readers, writer):
        thread.start()
    code = process.wait()
    for reader in readers:
        reader.join()
    job.stdin.break_()
    writer.join()
    return code if code >= 0 else 1


def script_of(arguments: Sequence[str]) -> str | None:
    """The script in `-Command text` or `-EncodedCommand base64`; None when there is none."""
    for at, word in enumerate(arguments):
        flag = word.lower().replace("/", "-", 1)
        if len(flag) > 1 and "-encodedcommand".startswith(flag) and not "-executionpolicy".startswith(flag):
            try:
                return base64.b64decode("".join(arguments[at + 1 : at + 2]), validate=True).decode("utf-16-le").strip()
            except ValueError:
                return None
        if len(flag) > 1 and "-command".startswith(flag):
            return " ".join(arguments[at + 1 :]).strip()
    return None


def _forward(source: IO[bytes], write: Callable[[bytes], None]) -> None:
    """Output as soon as there is any, until the end or until nobody wants it."""
    with source, contextlib.suppress(Closed, OSError):
        while data := os.read(source.fileno(), READ_BYTES):
            write(data)


def _feed(job: Job, target: IO[bytes], takes_stdin: bool) -> None:
    with contextlib.suppress(OSError), target:
        while takes_stdin and (data := job.stdin.read(READ_BYTES)):
            _write_all(target, data)


def _write_all(target: IO[bytes], data: bytes) -> None:
    """A write to a pipe may take only a part."""
    view = memoryview(data)
    while view:
        view = view[os.write(target.fileno(), view) :]
