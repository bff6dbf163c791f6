"""pyinfra's own command line over our connector: an inventory, group data, a deploy file, facts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.sandbox.fleet.client import FleetClient
from tests.sandbox.connector.conftest import HOSTS

CODE = Path(__file__).parents[3]

GROUP_DATA = """
from pathlib import Path
from deploy.config.hidden import Hidden

winrm_user = {user!r}
winrm_password = Hidden.read(Path({password!r}))
winrm_ca_path = {ca!r}
"""
DEPLOY = """
from pathlib import Path
from pyinfra import host
from deploy.windows.preparation import prepare
from tests.sandbox.connector.desired import desired_host

prepare(desired_host(Path({folder!r}), host.name, "pyinfra"), r"C:\\TradingSystem")
"""


@pytest.fixture
def project(tmp_path: Path, fleet: FleetClient) -> Path:
    hosts = [(f"@tswinrm/{name}", {"winrm_address": address}) for name, address in HOSTS.items()]
    (tmp_path / "dev.py").write_text(f"web = {hosts!r}\n")
    (tmp_path / "group_data").mkdir()
    given = fleet.folder
    data = {"user": given.user.read_text().strip(), "password": str(given.password), "ca": str(given.certificates.ca)}
    (tmp_path / "group_data" / "all.py").write_text(GROUP_DATA.format(**data))
    (tmp_path / "prepare_hosts.py").write_text(DEPLOY.format(folder=str(tmp_path)))
    return tmp_path


def pyinfra(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pyinfra", *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(CODE)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_prepare_twice_and_look(project: Path, fleet: FleetClient) -> None:
    password = fleet.folder.password.read_text().strip()
    dry = pyinfra(project, "-vvv", "--debug", "dev.py", "prepare_hosts.py", "--dry")
    assert dry.returncode == 0, dry.stderr
    first = pyinfra(project, "-y", "dev.py", "prepare_hosts.py")
    assert first.returncode == 0, first.stderr
    folder = fleet.folder.host("web02") / "C" / "TradingSystem" / "releases" / "Svc"
    assert any(path.read_bytes() == b'{"setting": "pyinfra"}' for path in folder.glob("*/config.json"))
    second = pyinfra(project, "-y", "dev.py", "prepare_hosts.py")
    assert second.returncode == 0, second.stderr
    assert "[web01] Success" in first.stderr
    assert "Revision of Svc" in first.stderr
    assert "] Success" not in second.stderr
    assert "[web01] No changes" in second.stderr
    for told in (dry, first, second):
        assert password not in told.stdout + told.stderr
    facts = pyinfra(project, "dev.py", "fact", "deploy.windows.snapshot.Revisions")
    assert facts.returncode == 0, facts.stderr
    assert '"service": "Svc"' in facts.stdout + facts.stderr


def test_commands(project: Path) -> None:
    hostname = pyinfra(project, "-y", "dev.py", "exec", "--shell-executable", "cmd", "--", "hostname")
    assert hostname.returncode == 0, hostname.stderr
    assert "web01" in (hostname.stdout + hostname.stderr).lower()


def test_inventory_shows_no_password(project: Path, fleet: FleetClient) -> None:
    shown = pyinfra(project, "dev.py", "debug-inventory")
    assert shown.returncode == 0, shown.stderr
    assert fleet.folder.password.read_text().strip() not in shown.stdout + shown.stderr
    assert "MASKED" in shown.stdout + shown.stderr
