"""One host of each engine behind real sockets, for clients that know nothing of either."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import winrm
from winrm.protocol import Protocol

from deploy.sandbox.fleet.client import FleetClient
from deploy.sandbox.fleet.folder import FleetFolder
from deploy.sandbox.fleet.spec import FleetSpec, HostSpec
from deploy.sandbox.wsman.server import HTTP_PORT, HTTPS_PORT
from tests.sandbox.wine.conftest import need_wine

NAME = "web01"
NO_POWERSHELL = "the built-in engine is no PowerShell: it serves the worker's and the settling task's commands"


@dataclass(frozen=True)
class Engine:
    """What clients see of an engine where the two differ; docs/engines.md has the reasons."""

    name: str
    address: str
    computer: str
    unknown: tuple[int, str]
    """Exit code and stderr of the command `nonsense -s`."""


BUILTIN = Engine(
    "builtin",
    "127.0.62.11",
    "web01",
    (1, "'nonsense' is not recognized as an internal or external command,\r\noperable program or batch file.\r\n"),
)
POWERSHELL = Engine(
    "powershell",
    "127.0.63.11",
    "WEB01",
    (1, "Can't recognize 'nonsense -s' as an internal or external command, or batch script.\r\n"),
)


@dataclass(frozen=True)
class Site:
    """A host, its account, and pywinrm's two ways to it."""

    engine: Engine
    folder: FleetFolder

    @property
    def address(self) -> str:
        return self.engine.address

    @property
    def auth(self) -> tuple[str, str]:
        """The account and its password."""
        return self.folder.user.read_text("utf-8").strip(), self.folder.password.read_text("utf-8").strip()

    @property
    def http(self) -> str:
        return f"http://{self.address}:{HTTP_PORT}/wsman"

    @property
    def https(self) -> str:
        return f"https://{self.address}:{HTTPS_PORT}/wsman"

    def session(self, transport: str = "ntlm", *, tls: bool = False, **options: Any) -> winrm.Session:
        """pywinrm's session, logged in as the account unless `auth` says otherwise."""
        auth = options.pop("auth", self.auth)
        return winrm.Session(self.https if tls else self.http, auth=auth, transport=transport, **self._trust(options))

    def protocol(self, **options: Any) -> Protocol:
        """pywinrm's protocol over sealed HTTP."""
        return Protocol(self.http, "ntlm", *self.auth, **self._trust(options))

    def _trust(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"ca_trust_path": str(self.folder.certificates.ca), "proxy": None, **options}


only_builtin = pytest.mark.parametrize("site", [BUILTIN], ids=["builtin"], indirect=True)
only_powershell = pytest.mark.parametrize("site", [POWERSHELL], ids=["powershell"], indirect=True)
"""For what only one engine can do; a test beside it says what the other one answers."""


@pytest.fixture(scope="session", params=[BUILTIN, POWERSHELL], ids=lambda engine: engine.name)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Every test runs against both engines, one after the other."""
    engine: Engine = request.param
    if engine is POWERSHELL:
        need_wine()
    fleet = FleetClient(tmp_path_factory.mktemp("clients") / "dev")
    fleet.start(FleetSpec((HostSpec(NAME, engine.address),), engine=engine.name))
    yield Site(engine, fleet.folder)
    fleet.stop()
