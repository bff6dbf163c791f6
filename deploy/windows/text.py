"""Command text for Windows' shells, made of pyinfra's commands: quoting that fits, secrets by reference."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass

from pyinfra.api.command import QuoteString, StringCommand
from pyinfra.api.hiddenvalue import HiddenValue

_SINGLE_QUOTES = re.compile("(['\u2018\u2019\u201a\u201b])")
_HIDDEN = "TSDEPLOY_HIDDEN_"

POWERSHELL = (
    "powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -Command "
    "\"$ErrorActionPreference='Stop';$ProgressPreference='SilentlyContinue';$global:LASTEXITCODE=0;"
    "[Console]::OutputEncoding=New-Object Text.UTF8Encoding $false;"
    "&([ScriptBlock]::Create([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String([Console]::In.ReadLine()))));"
    'exit $LASTEXITCODE"'
)
"""Runs the script in the first line of stdin (base64 of UTF-8). Constant: no text of a command is ever an argument."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command line, what goes to its stdin first, and variables that only its shell gets."""

    line: str
    stdin: bytes
    environment: dict[str, str]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a shell quotes a word and names a variable."""

    quote: Callable[[str], str]
    variable: Callable[[str], str]


def powershell_quote(word: str) -> str:
    """A literal string; PowerShell takes typographic single quotes for quotes too."""
    return "'" + _SINGLE_QUOTES.sub(r"\1\1", word) + "'"


def cmd_quote(word: str) -> str:
    """A word in double quotes, as cmd and programs' own argument parsers read it."""
    return '"' + word.replace('"', '""') + '"'


PS = Dialect(powershell_quote, lambda name: f"$env:{name}")
CMD = Dialect(cmd_quote, lambda name: f"%{name}%")


def command_of(given: str | StringCommand, shell: str | None, environment: dict[str, str]) -> Command:
    """What to run for a pyinfra command. Any `shell` but cmd, also pyinfra's default `sh`, means PowerShell.

    A HiddenValue becomes a variable of the shell's environment and the text only names it, so that it reaches no
    command line of ours and no script-block log. A program that is given it as an argument shows it all the same.
    """
    dialect = CMD if shell in {"cmd", "cmd.exe"} else PS
    hidden: dict[str, str] = {}
    text = given if isinstance(given, str) else _rendered(given, dialect, hidden)
    variables = {**environment, **hidden}
    if dialect is CMD:
        return Command(text, b"", variables)
    return Command(POWERSHELL, base64.b64encode(text.encode("utf-8")) + b"\r\n", variables)


def _rendered(command: StringCommand, dialect: Dialect, hidden: dict[str, str]) -> str:
    return str(command.separator).join(_bit(bit, dialect, hidden) for bit in command.bits)


def _bit(bit: object, dialect: Dialect, hidden: dict[str, str]) -> str:
    if isinstance(bit, QuoteString):
        inner = bit.obj
        if isinstance(inner, HiddenValue):
            return _bit(inner, dialect, hidden)
        return dialect.quote(_bit(inner, dialect, hidden))
    if isinstance(bit, StringCommand):
        return _rendered(bit, dialect, hidden)
    if isinstance(bit, HiddenValue):
        name = f"{_HIDDEN}{len(hidden) + 1}"
        hidden[name] = str(bit.unmask())
        return dialect.variable(name)
    return str(bit)
