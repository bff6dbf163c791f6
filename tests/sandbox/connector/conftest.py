"""A fleet of two simulated hosts, and targets for them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.model.secret import Secret
from deploy.planning.facts_request import facts_args
from deploy.sandbox.fleet.client import FleetClient
from deploy.sandbox.fleet.spec import FleetSpec, HostSpec
from deploy.windows.agent_bundle import bundle
from deploy.windows.host_access import HostAccess
from deploy.windows.target import WindowsTarget
from deploy.winrm.endpoint import Endpoint

ROOT = r"C:\TradingSystem"
HOSTS = {"web01": "127.0.80.21", "web02": "127.0.80.22"}
MakeTarget = Callable[..., WindowsTarget]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FleetClient]:
    client = FleetClient(tmp_path_factory.mktemp("fleet") / "dev")
    client.start(FleetSpec(tuple(HostSpec(name, address) for name, address in HOSTS.items())))
    yield client
    client.stop()


@pytest.fixture
def endpoint(fleet: FleetClient) -> Callable[..., Endpoint]:
    """How to log in to a host: NTLM over HTTP unless told otherwise."""

    def make(name: str = "web01", **changes: Any) -> Endpoint:
        settings: dict[str, Any] = {
            "name": name,
            "address": HOSTS[name],
            "scheme": "http",
            "user": fleet.folder.user.read_text("utf-8").strip(),
            "password": Secret(fleet.folder.password.read_text("utf-8").strip()),
            "ca": fleet.folder.certificates.ca,
        }
        return Endpoint(**{**settings, **changes})

    return make


@pytest.fixture
def make_target(endpoint: Callable[..., Endpoint]) -> Iterator[MakeTarget]:
    made: list[WindowsTarget] = []

    def make(name: str = "web01", **changes: Any) -> WindowsTarget:
        target = WindowsTarget(
            HostAccess(endpoint(name, **changes), bundle(), ROOT), lambda deep: facts_args(ROOT, None, deep=deep)
        )
        made.append(target)
        return target

    yield make
    for target in made:
        target.close()


@pytest.fixture
def folder(fleet: FleetClient) -> Path:
    """Disk C of web01."""
    return fleet.folder.host("web01") / "C"
