"""Revisions, staged beside the one that runs."""

from collections.abc import Generator

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation

from deploy.planning.resources import RevisionFolder
from deploy.windows.operations.carry import carry_out


@operation()
def staged(resource: RevisionFolder) -> Generator[StringCommand, None, None]:
    """Brings the archive, unpacks it with the rendered configuration, verifies every file."""
    yield from carry_out(resource, f"revision {resource.desired.revision.name} is complete")
