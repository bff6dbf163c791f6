"""One Wine machine behind WS-Man, for all tests of this folder that need one."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import winrm

from deploy.sandbox.fleet.client import FleetClient
from deploy.sandbox.fleet.spec import FleetSpec, HostSpec
from deploy.sandbox.wine import tool

NAME, ADDRESS = "web01", "127.0.60.31"

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


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    need_wine()
    fleet = FleetClient(tmp_path_factory.mktemp("wine") / "dev")
    fleet.start(FleetSpec((HostSpec(NAME, ADDRESS),), engine="powershell"))
    login = (fleet.folder.user.read_text("utf-8").strip(), fleet.folder.password.read_text("utf-8").strip())
    yield Site(
        fleet, winrm.Session(f"http://{ADDRESS}:5985/wsman", login, transport="ntlm", proxy=None, ca_trust_path=None)
    )
    fleet.stop()
