"""Steps that were planned already."""

from collections.abc import Generator

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation

from deploy.model.step import Step
from deploy.windows.commands import ApplyCommand


@operation()
def applied(steps: tuple[Step, ...]) -> Generator[StringCommand, None, None]:
    """Carries them out in their order."""
    for step in steps:
        yield ApplyCommand(step)
