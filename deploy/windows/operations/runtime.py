"""Runtimes, one folder for each exact version."""

from collections.abc import Generator

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation

from deploy.planning.resources import RuntimeFolder
from deploy.windows.operations.carry import carry_out


@operation()
def present(resource: RuntimeFolder) -> Generator[StringCommand, None, None]:
    """Brings the archive and unpacks it beside other versions."""
    yield from carry_out(resource, f"runtime {resource.runtime.name} {resource.runtime.version} is complete")
