"""One simulated host behind real sockets, with an engine that starts plain processes instead of PowerShell."""

import datetime as dt
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import winrm
from winrm.protocol import Protocol

from deploy.sandbox.fleet.host import SimulatedHost
from deploy.sandbox.wsman import certificates
from deploy.sandbox.wsman.accounts import Accounts
from deploy.sandbox.wsman.certificates import CertificateFiles
from deploy.sandbox.wsman.server import Endpoint
from deploy.sandbox.wsman.shells import Quotas

ADDRESS = "127.0.78.21"
PASSWORD = "correct horse"
COUNT = "import sys; print(sum(len(b) for b in iter(lambda: sys.stdin.buffer.read(65536), b'')))"
FLOOD = "import sys; [sys.stdout.buffer.write(b'x' * 65536) for _ in range(128)]"
PROGRAMS = {
    "count": [sys.executable, "-S", "-E", "-c", COUNT],
    "cat": ["/bin/cat"],
    "sleep": ["/bin/sleep", "60"],
    "flood": [sys.executable, "-S", "-E", "-c", FLOOD],
}


class PlainEngine:
    """`powershell.exe cat` is cat."""

    name = "plain"

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[bytes]] = []

    def launch(
        self, host_folder: Path, command_line: str, environment: dict[str, str], streams: bool
    ) -> subprocess.Popen[bytes]:
        word = command_line.rsplit(maxsplit=1)[-1]
        if word not in PROGRAMS:
            raise LookupError(f"no program {word}")
        pipe = subprocess.PIPE if streams else subprocess.DEVNULL
        process = subprocess.Popen(
            PROGRAMS[word], stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True, bufsize=0, cwd=host_folder
        )
        self.started.append(process)
        return process


@dataclass(frozen=True)
class Site:
    """The host, and how clients reach it."""

    host: SimulatedHost
    engine: PlainEngine
    files: CertificateFiles
    http: str
    https: str

    def session(self, transport: str = "ntlm", *, tls: bool = False, **options: Any) -> winrm.Session:
        """pywinrm's session, logged in as the account unless `auth` says otherwise."""
        auth = options.pop("auth", ("deploy", PASSWORD))
        return winrm.Session(self.https if tls else self.http, auth=auth, transport=transport, **self._trust(options))

    def protocol(self, **options: Any) -> Protocol:
        """pywinrm's protocol over sealed HTTP."""
        options.setdefault("read_timeout_sec", 30)
        return Protocol(self.http, "ntlm", "deploy", PASSWORD, **self._trust(options))

    def _trust(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"ca_trust_path": str(self.files.ca), "proxy": None, **options}


def make_site(folder: Path, address: str, quotas: Quotas | None = None) -> Site:
    """A host that is switched on, on ports of its own."""
    files = CertificateFiles(folder)
    certificates.make(files, [("win-01", address)], "deploy", dt.datetime.now(dt.UTC))
    accounts = Accounts({"deploy": PASSWORD}, ["win-01"])
    accounts.publish(folder / "ntlm")
    engine = PlainEngine()
    home = folder / "host"
    home.mkdir()
    tls = certificates.server_context(files)
    host = SimulatedHost(home, "win-01", Endpoint(address, 0, 0), accounts, "deploy", tls, engine, quotas)
    host.power_on()
    http, https = host.wsman.ports
    return Site(host, engine, files, f"http://{address}:{http}/wsman", f"https://{address}:{https}/wsman")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = make_site(tmp_path_factory.mktemp("wsman"), ADDRESS)
    yield site
    site.host.close()


@pytest.fixture
def site(shared: Site) -> Iterator[Site]:
    """The shared host, without faults and shells of the test before."""
    yield shared
    shared.host.wsman.injection.clear(None)
    shared.host.wsman.operations.shells.delete_all()


def wait_until(condition: Any, seconds: float = 10.0) -> None:
    """Waits for a condition; fails when it does not come true."""

    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.01)
