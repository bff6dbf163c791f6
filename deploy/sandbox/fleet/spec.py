"""Which hosts a fleet has and where they listen; kept in `<folder>/fleet.json`."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.sandbox.wsman.server import HTTP_PORT, HTTPS_PORT

FILE = "fleet.json"
USER = "deploy"
STORE_PORT = 8088


@dataclass(frozen=True, slots=True)
class HostSpec:
    """One host and its loopback address."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class StoreSpec:
    """A folder that the fleet serves over HTTP, so that hosts can pull from it."""

    folder: str
    address: str
    port: int = STORE_PORT


@dataclass(frozen=True, slots=True)
class FleetSpec:
    """A fleet. `user` is the account on every host; its password is in the folder.

    `disk_mb`: the size of a data disk for each host's root folder, on the PowerShell engine; 0: none.
    """

    hosts: tuple[HostSpec, ...]
    store: StoreSpec | None = None
    engine: str = "builtin"
    user: str = USER
    disk_mb: int = 0
    http_port: int = HTTP_PORT
    https_port: int = HTTPS_PORT

    def addresses(self) -> list[tuple[str, int]]:
        """Every address and port that the daemon listens on."""
        ports = (self.http_port, self.https_port)
        store = [(self.store.address, self.store.port)] if self.store else []
        return [*((host.address, port) for host in self.hosts for port in ports), *store]


def write(folder: Path, spec: FleetSpec) -> None:
    """Keeps the specification."""
    (folder / FILE).write_text(json.dumps(asdict(spec), indent=2) + "\n", "utf-8")


def read(folder: Path) -> FleetSpec:
    """What was kept; raises FileNotFoundError."""
    value = json.loads((folder / FILE).read_text("utf-8"))
    hosts = tuple(HostSpec(**host) for host in value.pop("hosts"))
    store = value.pop("store")
    return FleetSpec(hosts=hosts, store=StoreSpec(**store) if store else None, **value)
