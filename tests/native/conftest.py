"""The host of the demo deploy: the Windows computer that DEPLOY_TEST_WINDOWS_HOST names, else a simulated one."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.sandbox.fleet.client import FleetClient
from deploy.sandbox.fleet.spec import FleetSpec, HostSpec
from tests.contract.native_host import build_service
from tests.native.site import Reached, Site

ENV_HOST, ENV_USER = "DEPLOY_TEST_WINDOWS_HOST", "DEPLOY_TEST_WINDOWS_USER"
ENV_PASSWORD_FILE, ENV_CERTIFICATE = "DEPLOY_TEST_WINDOWS_PASSWORD_FILE", "DEPLOY_TEST_WINDOWS_CERTIFICATE"
SIMULATED = "127.0.65.11"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The project, with a host behind it that was never deployed to."""
    if ENV_HOST in os.environ:
        yield Site(tmp_path / "project", _computer(tmp_path))
        return
    if sys.platform == "win32":
        pytest.skip(f"{ENV_HOST} names no host")
    fleet = FleetClient(tmp_path / "fleet")
    fleet.start(FleetSpec((HostSpec("this-computer", SIMULATED),)))
    yield Site(tmp_path / "project", _simulated(fleet))
    fleet.stop()


def _computer(folder: Path) -> Reached:
    program = build_service(folder / "Service.exe").read_bytes()
    return Reached(
        winrm=os.environ[ENV_HOST],
        services="127.0.0.1",
        user=os.environ[ENV_USER],
        password=Path(os.environ[ENV_PASSWORD_FILE]).read_text("utf-8"),
        ca=Path(os.environ[ENV_CERTIFICATE]),
        program=lambda artifact, version: program + f"{artifact} {version}".encode(),  # Windows ignores the tail
    )


def _simulated(fleet: FleetClient) -> Reached:
    return Reached(
        winrm=SIMULATED,
        services=SIMULATED,
        user=fleet.folder.user.read_text("utf-8").strip(),
        password=fleet.folder.password.read_text("utf-8"),
        ca=fleet.folder.path / "ca.pem",
        program=lambda artifact, version: f"SANDBOX-EXE service {artifact} {version}\n".encode(),
    )
