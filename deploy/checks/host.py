"""testinfra's `host`, with modules that tell the truth on Windows."""

from testinfra.host import Host

from deploy.checks.backend import WindowsBackend
from deploy.checks.connection import Connection
from deploy.checks.modules import File, RevisionCheck, Service, Socket
from deploy.model.facts import HostFacts


class WindowsHost(Host):  # type: ignore[misc]  # testinfra has no types that mypy follows
    """`facts` is one snapshot: modules about services and revisions need no further request."""

    def __init__(self, connection: Connection, facts: HostFacts, root: str) -> None:
        super().__init__(WindowsBackend(connection))
        self.connection, self.facts, self.root = connection, facts, root

    def service(self, name: str) -> Service:
        """A service by its name."""
        return Service(self.facts, name)

    def file(self, path: str) -> File:
        """A file or folder by its full path."""
        return File(self.connection, path)

    def socket(self, address: str) -> Socket:
        """A TCP address, `tcp://127.0.0.1:5055`."""
        return Socket(self.connection, address)

    def revision(self, service: str) -> RevisionCheck:
        """What a service runs."""
        return RevisionCheck(self.facts, self.root, service)
