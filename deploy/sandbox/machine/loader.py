"""How a program of the simulated machine becomes a real process.

A program is a small text file that begins with `SANDBOX-EXE <kind> <anything>`; the kind names the Python module
that stands in for it, the rest makes its bytes, and so its build hash, its own.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.sandbox.machine import commandline
from deploy.sandbox.machine.kernel import KernelError
from deploy.sandbox.machine.paths import to_local, to_windows

MAGIC = b"SANDBOX-EXE "
ENV_FOLDER, ENV_ADDRESS = "SANDBOX_HOST_FOLDER", "SANDBOX_ADDRESS"
ENV_IMAGE, ENV_KIND, ENV_STATUS = "SANDBOX_IMAGE", "SANDBOX_KIND", "SANDBOX_STATUS_FD"
CODE_ROOT = Path(__file__).parents[3]
"""The folder that holds the package `deploy`: stand-ins run there, so that `-m deploy…` resolves without `site`."""

KINDS: dict[str, str] = {
    "service": "deploy.sandbox.apps.service",
    "native": "deploy.sandbox.apps.service",
    "shawl": "deploy.sandbox.apps.shawl",
    "python": "deploy.sandbox.apps.python",
    "dotnet": "deploy.sandbox.apps.runtime",
    "node": "deploy.sandbox.apps.runtime",
}
"""Kind → module. `service` needs a .NET runtime, `native` is the same program without that need."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program found on the machine's disk, and what it is to be started with."""

    image: str
    local: Path
    kind: str
    arguments: tuple[str, ...]


def resolve(folder: Path, command_line: str) -> Program:
    """Finds what a command line starts. Raises KernelError: 2 no such file, 193 not a program."""
    for path, rest in commandline.candidates(command_line):
        local = _find(folder, path)
        if local is not None:
            return Program(to_windows(folder, local), local, kind_of(local), tuple(commandline.split(rest)))
    raise KernelError(2, f"{command_line}: the system cannot find the file specified")


def kind_of(local: Path) -> str:
    """The kind in a stand-in's first line; KernelError 193 when it is none."""
    with local.open("rb") as file:
        words = file.readline(256).split()
    kind = words[1].decode("ascii", "replace") if len(words) > 1 and words[0] == MAGIC.strip() else ""
    if kind not in KINDS:
        raise KernelError(193, f"{local.name}: not a program for this machine; expected one of {', '.join(KINDS)}")
    return kind


def environment(folder: Path, address: str, computer: str, extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process: a machine's usual variables, then its own."""
    return {
        "SystemRoot": r"C:\Windows",
        "SystemDrive": "C:",
        "ProgramData": r"C:\ProgramData",
        "ProgramFiles": r"C:\Program Files",
        "COMPUTERNAME": computer,
        "Path": r"C:\Windows\System32;C:\Windows",
        **extra,
        ENV_FOLDER: str(folder),
        ENV_ADDRESS: address,
    }


def start(
    program: Program, environment_: Mapping[str, str], output: Path, status: int | None
) -> subprocess.Popen[bytes]:
    """Starts the stand-in in a session of its own; `status` is the pipe it reports to its SCM on."""
    variables = {**environment_, ENV_IMAGE: program.image, ENV_KIND: program.kind}
    if status is not None:
        variables[ENV_STATUS] = str(status)
    command = [sys.executable, "-S", "-E", "-m", KINDS[program.kind], *program.arguments]
    with output.open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=CODE_ROOT,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=() if status is None else (status,),
            start_new_session=True,
        )


def expand(text: str, variables: Mapping[str, str]) -> str:
    """`%Name%` replaced, in any case; unknown names stay."""
    known = {name.lower(): value for name, value in variables.items()}
    parts = text.split("%")
    result, at = parts[0], 1
    while at < len(parts):
        value = known.get(parts[at].lower()) if at + 1 < len(parts) else None
        if value is None:
            result += "%" + parts[at]
            at += 1
        else:
            result += value + parts[at + 1]
            at += 2
    return result


def _find(folder: Path, path: str) -> Path | None:
    for name in (path, path + ".exe"):
        try:
            local = to_local(folder, name)
        except KernelError:
            continue
        if local.is_file() and os.access(local, os.R_OK):
            return local
    return None
