"""Folders with an ACL of their own."""

from collections.abc import Generator

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation

from deploy.planning.resources import Folder
from deploy.windows.operations.carry import carry_out


@operation()
def present(resource: Folder) -> Generator[StringCommand, None, None]:
    """Makes it, or its ACL what it should be."""
    yield from carry_out(resource, f"folder {resource.path} is there and protected")
