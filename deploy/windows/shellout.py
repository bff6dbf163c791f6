"""A pyinfra command run as a plain command of the host, with pyinfra's global arguments honoured."""

from collections.abc import Iterable
from typing import Any

from pyinfra.api.command import StringCommand
from pyinfra.api.hiddenvalue import HiddenValue
from pyinfra.api.output import echo
from pyinfra.connectors.util import CommandOutput, OutputLine

from deploy.windows.plain import Plain
from deploy.windows.target import WindowsTarget
from deploy.windows.text import command_of

Printing = tuple[str, bool, bool]
"""Prefix, and whether input and output are shown."""


def run_plain(
    target: WindowsTarget, given: str | StringCommand, arguments: dict[str, Any], printing: Printing
) -> tuple[bool, CommandOutput]:
    """Runs it; whether its exit code is a good one, and its lines. sudo and its like mean nothing here."""
    prefix, show_input, show_output = printing
    environment = {name: _plain(value) for name, value in (arguments.get("_env") or {}).items()}
    command = command_of(given, arguments.get("_shell_executable"), environment)
    if show_input:
        echo(f"{prefix}>>> {given}", err=True)
    ended = target.run(
        Plain(
            command.line,
            command.stdin + _stdin(arguments.get("_stdin")),
            arguments.get("_timeout"),
            command.environment,
            arguments.get("_chdir") or None,
        )
    )
    lines = [*_lines("stdout", ended.stdout), *_lines("stderr", ended.stderr)]
    if show_output:
        for line in lines:
            echo(f"{prefix}{line.line}", err=True)
    return ended.exit_code in set(arguments.get("_success_exit_codes") or [0]), CommandOutput(lines)


def _plain(value: object) -> str:
    return str(value.unmask()) if isinstance(value, HiddenValue) else str(value)


def _stdin(given: str | Iterable[str] | None) -> bytes:
    """Text as it is, or lines."""
    if given is None:
        return b""
    text = given if isinstance(given, str) else "".join(f"{line}\r\n" for line in given)
    return text.encode("utf-8")


def _lines(stream: str, data: bytes) -> list[OutputLine]:
    """Whole output decoded at once: a character may have been cut between two answers."""
    return [OutputLine(stream, line) for line in data.decode("utf-8", "replace").splitlines()]
