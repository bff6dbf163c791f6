"""A process's streams joined to those of the command that it carries out."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO

from deploy.sandbox.wsman.job import Job
from deploy.sandbox.wsman.pipes import Closed

if sys.platform != "win32":  # simulated hosts run elsewhere only; reading this module works everywhere
    import fcntl

PIPE_BYTES = 1024 * 1024
READ_BYTES = 256 * 1024
Write = Callable[[bytes], None]


def join(
    job: Job,
    process: "subprocess.Popen[bytes]",
    out: Write,
    err: Write,
    *,
    takes_stdin: bool = True,
    on_end: Callable[[], None] = lambda: None,
) -> int:
    """Carries bytes both ways until the process has ended and all was said; its exit code, negative for a signal.

    `on_end` is called when it has ended, before the rest of its output is waited for.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    for stream in (process.stdin, process.stdout):
        # A frame that fits the pipe reaches the client in one piece. The system may refuse: then it takes longer.
        with contextlib.suppress(OSError):
            fcntl.fcntl(stream, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    readers = [
        threading.Thread(target=_forward, args=(process.stdout, out), daemon=True),
        threading.Thread(target=_forward, args=(process.stderr, err), daemon=True),
    ]
    writer = threading.Thread(target=_feed, args=(job, process.stdin, takes_stdin), daemon=True)
    for thread in (*readers, writer):
        thread.start()
    code = process.wait()
    on_end()
    for reader in readers:
        reader.join()
    job.stdin.break_()
    writer.join()
    return code


def _forward(source: IO[bytes], write: Write) -> None:
    """Output as soon as there is any, until the end or until nobody wants it."""
    with source, contextlib.suppress(Closed, OSError):
        while data := os.read(source.fileno(), READ_BYTES):
            write(data)


def _feed(job: Job, target: IO[bytes], takes_stdin: bool) -> None:
    with contextlib.suppress(OSError, Closed), target:
        while takes_stdin and (data := job.stdin.read(READ_BYTES)):
            _write_all(target, data)


def _write_all(target: IO[bytes], data: bytes) -> None:
    """A write to a pipe may take only a part."""
    view = memoryview(data)
    while view:
        view = view[os.write(target.fileno(), view) :]
