"""What all operations do: ask planning, say why nothing is needed, or yield a command for each step."""

from collections.abc import Iterator
from typing import cast

from pyinfra.api.command import StringCommand
from pyinfra.context import host

from deploy.planning.decide import decide
from deploy.planning.resources import Resource
from deploy.windows.commands import ApplyCommand, Fail
from deploy.windows.connector import WindowsConnector
from deploy.windows.failures import FactsFailed


def carry_out(resource: Resource, there: str) -> Iterator[StringCommand]:
    """Commands for the steps that the host lacks; `there` is what is said when it lacks none.

    A host that could not be asked fails here: its answer is never read as "nothing there".
    """
    connector = cast(WindowsConnector, host.connector)
    try:
        steps = decide(resource, connector.snapshot())
    except FactsFailed as failed:
        yield Fail(failed.problem)
        return
    missing = [step for step in steps if step.id not in connector.results]
    if not missing:
        host.noop(there)
    for step in missing:
        yield ApplyCommand(step)
