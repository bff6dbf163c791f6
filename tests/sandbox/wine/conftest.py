"""Wine machines behind WS-Man: a bare one, and a project with real .NET services. One of them at a time has power."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import winrm

from deploy.sandbox.fleet.client import FleetClient
from deploy.sandbox.fleet.spec import FleetSpec, HostSpec
from deploy.sandbox.wine import tool
from tests.sandbox.wine.native_site import NativeSite, Place, Serving, versions

NAME, ADDRESS = "web01", "127.0.60.31"
DISK_MB = 700 if hasattr(os, "geteuid") and os.geteuid() == 0 else 0
"""The root folder is a disk of its own where that can be had."""

# A sandbox engine that is not at hand is not tested: its own job names it.
collect_ignore_glob = [] if os.environ.get("DEPLOY_TEST_WINE_MACHINE") else ["test_*.py"]


@dataclass(frozen=True)
class Site:
    """The fleet, and a client of its one host."""

    fleet: FleetClient
    session: winrm.Session

    @property
    def disk(self) -> Path:
        """Drive C of the host."""
        return self.fleet.folder.host(NAME) / "C"


def need_wine() -> None:
    """Skips the test where there are no Wine machines."""
    if lacking := tool.missing(os.environ):
        pytest.skip(": ".join(lacking))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    need_wine()
    fleet = FleetClient(tmp_path_factory.mktemp("wine") / "dev")
    fleet.start(FleetSpec((HostSpec(NAME, ADDRESS),), engine="powershell"))
    login = (fleet.folder.user.read_text("utf-8").strip(), fleet.folder.password.read_text("utf-8").strip())
    yield Site(
        fleet, winrm.Session(f"http://{ADDRESS}:5985/wsman", login, transport="ntlm", proxy=None, ca_trust_path=None)
    )
    fleet.stop()


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NativeSite]:
    """A project whose store has no runtime yet. One for all tests: each takes the host as the last one left it."""
    need_wine()
    site = NativeSite(tmp_path_factory.mktemp("native") / "project", DISK_MB)
    site.up()
    yield site
    site.down()


@pytest.fixture
def native(bare: NativeSite) -> NativeSite:
    """The same with the runtime."""
    bare.add_runtime()
    return bare


@pytest.fixture
def before(native: NativeSite) -> dict[Place, Serving]:
    """A good release serves on the first host."""
    if native.release is None:
        native.deploy(native.build())
    before = native.serving()
    assert versions(before) == {native.release}
    return before
