"""What checks need of a host: the connection that a run has already."""

from typing import Any, Protocol

from deploy.model.facts import PathFact


class Finished(Protocol):
    """A command that ended."""

    @property
    def exit_code(self) -> int:
        """Exit code."""

    @property
    def stdout(self) -> bytes:
        """What it wrote."""

    @property
    def stderr(self) -> bytes:
        """What it complained about."""


class Connection(Protocol):
    """One host; `execution.target.Target` and what lies beside it."""

    host: str

    def run_line(self, line: str) -> Finished:
        """Runs a command line of cmd.exe."""

    def path(self, path: str) -> PathFact:
        """What lies at a path."""

    def read_file(self, path: str, max_bytes: int) -> bytes:
        """A file's content."""

    def probe(self, args: dict[str, Any]) -> dict[str, Any]:
        """Asks an address from the host itself."""
