"""testinfra's backend over a connection that exists: no second login, no credentials in addresses."""

from typing import Any

from testinfra.backend.base import BaseBackend, CommandResult

from deploy.checks.connection import Connection


class WindowsBackend(BaseBackend):  # type: ignore[misc]  # testinfra has no types that mypy follows
    """`host.run(…)` runs a command line of cmd.exe; arguments are quoted as cmd.exe and C programs read them."""

    NAME = "tswinrm"

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection.host)
        self.connection = connection

    @staticmethod
    def quote(command: str, *args: str) -> str:
        """Fills `%s` in with quoted arguments."""
        return command % tuple(quoted(item) for item in args) if args else command

    def run(self, command: str, *args: str, **_: Any) -> CommandResult:
        """Runs it and gives exit code, stdout and stderr."""
        line = self.quote(command, *args)
        ended = self.connection.run_line(line)
        return self.result(ended.exit_code, line.encode(), ended.stdout, ended.stderr)

    def get_encoding(self) -> str:
        """The shell's code page is 65001."""
        return "utf-8"


def quoted(text: str) -> str:
    """Text as one argument. Raises ValueError for what cmd.exe can't be told safely."""
    if any(sign in text for sign in '"%\r\n\0'):
        raise ValueError(f"cmd.exe can't be given {text!r} safely")
    # A backslash before the closing quote would escape it for C programs: those at the end are doubled.
    ending = len(text) - len(text.rstrip("\\"))
    return '"' + text + "\\" * ending + '"'
