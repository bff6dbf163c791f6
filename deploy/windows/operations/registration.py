"""Registrations of services."""

from collections.abc import Generator

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation

from deploy.planning.resources import Registration
from deploy.windows.operations.carry import carry_out


@operation()
def present(resource: Registration) -> Generator[StringCommand, None, None]:
    """Registers it disabled; an existing registration is never altered."""
    yield from carry_out(resource, f"{resource.desired.revision.service} is registered")
