"""powershell.exe on a simulated host: a real process of the engine, its streams joined to the command's."""

import base64
from collections.abc import Callable, Sequence

from deploy.sandbox.engines.engine import Engine
from deploy.sandbox.machine.kernel import KernelError
from deploy.sandbox.machine.processes import Role
from deploy.sandbox.programs.context import Context
from deploy.sandbox.wsman.job import Job
from deploy.sandbox.wsman.joining import join

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
    code = join(job, process, context.streams.out, context.streams.err, takes_stdin=takes_stdin)
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
