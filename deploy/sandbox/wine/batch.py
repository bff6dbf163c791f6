"""A command line for cmd.exe, carried to it in files.

Wine writes a program's command line anew from its arguments and puts backslashes before quotes, which cmd.exe does not
understand; and a process of this system has only eight bits to end with. So the line lies in a batch file, and another
one runs it and writes its exit code to a third.
"""

import re
from collections.abc import Mapping
from pathlib import PureWindowsPath

_VARIABLE = re.compile(r"%[A-Za-z_][\w()]*(?::[^%]*)?%")
_PASSES = re.compile(r"[A-Za-z_]\w*")
_TAKEN = re.compile(
    r"PATH|HOME|PWD|OLDPWD|SHLVL|IFS|ENV|PS4|TMP|TEMP|(BASH|LD|WINE|LC|DOTNET|SHELL)\w*|LANG|DISPLAY", re.IGNORECASE
)
"""Names that the shell or Wine would take for its own."""


def line_file(line: str) -> str:
    """The batch file of a line as it would be typed: what is no variable's name in percent signs stays as it is."""
    return f"@echo off\r\n{_for_batch(line)}\r\n"


def frame_file(
    line_path: PureWindowsPath, code_path: PureWindowsPath, directory: PureWindowsPath, variables: Mapping[str, str]
) -> str:
    """The batch file around it: working directory, variables, exit code."""
    return "".join(
        (
            "@echo off\r\n",
            f'cd /d "{_for_batch(str(directory))}"\r\n',
            *(f'set "{name}={_for_batch(value, keep=False)}"\r\n' for name, value in variables.items()),
            f'C:\\windows\\system32\\cmd.exe /d /c "{line_path}"\r\n',
            f'echo %ERRORLEVEL% >"{code_path}"\r\n',
        )
    )


def divide(variables: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Variables that can be inherited, and those that have to be set on the machine."""
    inherited = {
        name: value for name, value in variables.items() if _PASSES.fullmatch(name) and not _TAKEN.fullmatch(name)
    }
    return inherited, {name: value for name, value in variables.items() if name not in inherited}


def _for_batch(text: str, *, keep: bool = True) -> str:
    """Percent signs doubled, but for those around a variable's name when `keep`."""
    parts, at = [], 0
    for found in _VARIABLE.finditer(text) if keep else ():
        parts += [text[at : found.start()].replace("%", "%%"), found.group()]
        at = found.end()
    return "".join((*parts, text[at:].replace("%", "%%")))
