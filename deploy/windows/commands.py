"""What our operations yield and our facts ask: commands that the connector carries out through the worker."""

import json
from collections.abc import Callable
from typing import Any

from pyinfra.api.command import StringCommand
from pyinfra.api.host import Host
from pyinfra.api.state import State
from pyinfra.connectors.util import CommandOutput, OutputLine

from deploy.model.facts import HostFacts
from deploy.model.problem import Problem
from deploy.model.step import Step

Section = Callable[[HostFacts], Any]
"""What a fact wants of the snapshot, as JSON."""


class ApplyCommand(StringCommand):
    """Carries out one step. Its text, for logs and dry runs, is verb and id; arguments stay out of it."""

    def __init__(self, step: Step) -> None:
        super().__init__(step.verb, step.id)
        self.step = step

    def execute(self, _state: State, host: Host, connector_arguments: Any) -> tuple[bool, CommandOutput]:
        """Whether it succeeded, and what it did."""
        del connector_arguments
        return host.connector.apply(self.step)  # type: ignore[attr-defined, no-any-return]


class SnapshotCommand(StringCommand):
    """Asks for a section of the host's snapshot."""

    def __init__(self, name: str, section: Section) -> None:
        super().__init__("snapshot", name)
        self.section = section


class Fail(StringCommand):
    """Fails its operation on this host, with the reason; nothing is sent."""

    def __init__(self, problem: Problem) -> None:
        super().__init__("refuse", problem.code)
        self.problem = problem

    def execute(self, _state: State, host: Host, connector_arguments: Any) -> tuple[bool, CommandOutput]:
        """Never succeeds."""
        del connector_arguments
        host.connector.failed(self.problem)  # type: ignore[attr-defined]
        return False, output("stderr", str(self.problem))


def output(stream: str, *lines: str) -> CommandOutput:
    """Lines of one stream."""
    return CommandOutput([OutputLine(stream, line) for line in lines])


def json_line(value: Any) -> str:
    """One line of ASCII."""
    return json.dumps(value, ensure_ascii=True, sort_keys=True)
