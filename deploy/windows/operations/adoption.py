"""Services that ran before us."""

from collections.abc import Generator

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation

from deploy.planning.resources import Adoption
from deploy.windows.operations.carry import carry_out


@operation()
def kept(resource: Adoption) -> Generator[StringCommand, None, None]:
    """Keeps its registration and a verified copy of its program folder."""
    yield from carry_out(resource, f"{resource.service} is ours, kept already, or not there")
