"""Firewall rules."""

from collections.abc import Generator

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation

from deploy.planning.resources import FirewallRule
from deploy.windows.operations.carry import carry_out


@operation()
def present(resource: FirewallRule) -> Generator[StringCommand, None, None]:
    """Lets the port in."""
    yield from carry_out(resource, f"rule {resource.name} is in force")
