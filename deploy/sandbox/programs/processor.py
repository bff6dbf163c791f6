"""cmd.exe: carries out parsed lines with the programs it knows; PowerShell goes to the engine."""

from dataclasses import replace
from functools import partial
from pathlib import PureWindowsPath

from deploy.sandbox.engines.engine import Engine
from deploy.sandbox.machine.kernel import KernelError
from deploy.sandbox.programs import powershell
from deploy.sandbox.programs.context import Context, Ended, Host, Session, Streams
from deploy.sandbox.programs.powershell import Register
from deploy.sandbox.programs.redirection import redirected
from deploy.sandbox.programs.syntax import Simple, Step, SyntaxFault, expand, parse, unquote_command
from deploy.sandbox.programs.table import PROGRAMS
from deploy.sandbox.programs.win32 import message_of
from deploy.sandbox.wsman.job import Job

MAX_LINE = 8191
NAME_ENDS = ' \t/=,;"<>'


class Processor:
    """Runs the command lines of one host's shells."""

    def __init__(self, host: Host, engine: Engine, register: Register) -> None:
        self._host = host
        self._engine = engine
        self._register = register

    def run(self, job: Job, through_cmd: bool) -> int:
        """Carries out a job's command line; see `wsman.job.Runner`."""
        streams = Streams(
            read_all=lambda: _read_all(job),
            out=job.write,
            err=lambda data: job.write(data, "stderr"),
        )
        context = Context(
            self._host, Session(dict(job.environment), job.directory), "cmd", "", streams, job.encoding, job.cancelled
        )
        if through_cmd:
            return self._line(context, job.command_line, job)
        return self._simple(context, Simple(job.command_line.strip(), ()), job)

    def _line(self, context: Context, line: str, job: Job) -> int:
        if len(line) > MAX_LINE:
            context.complain("The command line is too long.")
            return 1
        try:
            steps = parse(expand(line, context.session.environment))
        except SyntaxFault:
            context.complain("The syntax of the command is incorrect.")
            return 1
        try:
            for step in steps:
                if _wanted(step, context.session.errorlevel):
                    context.session.errorlevel = self._pipeline(context, step.pipeline, job)
        except Ended as end:
            return end.code
        return context.session.errorlevel

    def _pipeline(self, context: Context, pipeline: tuple[Simple, ...], job: Job) -> int:
        """One command after the other: each reads what the one before it wrote."""
        for simple in pipeline[:-1]:
            written = bytearray()
            piped = context.with_streams(replace(context.streams, out=written.extend))
            self._simple(piped, simple, job)
            context = context.with_streams(replace(context.streams, read_all=partial(bytes, written)))
        return self._simple(context, pipeline[-1], job)

    def _simple(self, context: Context, simple: Simple, job: Job) -> int:
        name, text = _name_and_text(simple.text)
        try:
            with redirected(context, simple.redirections) as inner:
                return self._program(replace(inner, name=name, text=text), simple, job)
        except KernelError as error:
            context.complain(message_of(error.code, str(error)))
            return 1

    def _program(self, context: Context, simple: Simple, job: Job) -> int:
        plain = _plain_name(context.name)
        if plain == "cmd":
            return self._nested(context, job)
        if plain == "powershell":
            return self._powershell(context, simple, job)
        program = PROGRAMS.get(plain)
        if program is None:
            context.complain(
                f"'{context.name}' is not recognized as an internal or external command,\r\n"
                "operable program or batch file."
            )
            return 1
        return program(replace(context, name=plain))

    def _powershell(self, context: Context, simple: Simple, job: Job) -> int:
        """The engine's; what it doesn't serve is run here if it is no more than a program's command line."""
        takes_stdin = not any(redirection.handle == 0 for redirection in simple.redirections)
        try:
            return powershell.run(context, self._engine, self._register, simple.text.strip(), job, takes_stdin)
        except LookupError as reason:
            script = powershell.script_of(context.arguments) or ""
            if _plain_name(_name_and_text(script)[0]) in {"cmd", *PROGRAMS}:
                inner = replace(context, session=context.session.copy())
                return min(1, abs(self._line(inner, script, job)))
            context.complain(str(reason.args[0] if reason.args else reason))
            return 1

    def _nested(self, context: Context, job: Job) -> int:
        """`cmd [/s] /c line`; options before /c are read over."""
        lowered = context.text.lower()
        at = lowered.find("/c")
        if at < 0:
            return 0
        inner = replace(context, session=context.session.copy())
        return self._line(inner, unquote_command(context.text[at + 2 :]), job)


def _wanted(step: Step, errorlevel: int) -> bool:
    match step.operator:
        case "&&":
            return errorlevel == 0
        case "||":
            return errorlevel != 0
    return True


def _plain_name(name: str) -> str:
    """`C:\\Windows\\System32\\SC.EXE` is sc."""
    return PureWindowsPath(name.strip('"')).name.lower().removesuffix(".exe").removesuffix(".com")


def _name_and_text(text: str) -> tuple[str, str]:
    """The program's name, and what follows it; `echo.` and `cd..` end their name early."""
    if text.startswith('"'):
        name, _, rest = text[1:].partition('"')
        return name, rest.lstrip(" ")
    end = next((at for at, char in enumerate(text) if char in NAME_ENDS), len(text))
    name = text[:end]
    for early in ("echo", "cd"):
        if name.lower().startswith(early) and name[len(early) : len(early) + 1] in {".", ":", "\\"}:
            cut = len(early) + (early == "echo")
            return name[: len(early)] + name[len(early) : cut], text[cut:].lstrip(" ") if early == "cd" else text[cut:]
    rest = text[end:]
    return name, rest[1:] if rest.startswith(" ") else rest


def _read_all(job: Job) -> bytes:
    parts: list[bytes] = []
    while data := job.stdin.read(65536):
        parts.append(data)
    return b"".join(parts)
