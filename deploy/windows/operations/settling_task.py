"""The task that ends what a run left open."""

from collections.abc import Generator

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation

from deploy.planning.resources import SettlingTask
from deploy.windows.operations.carry import carry_out


@operation()
def installed(resource: SettlingTask) -> Generator[StringCommand, None, None]:
    """Installs it, disabled, at this version of the host half."""
    yield from carry_out(resource, "the settling task is installed")
