"""`invoke sandbox.*` as functions: what they say, what they leave, what they refuse."""

import io
import json
import os
import shutil
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.cli import sandbox
from deploy.cli.output import Output
from deploy.config.project import Project
from deploy.model.problem import Refused, UsageError
from deploy.model.run import Exit
from deploy.sandbox.fleet.client import FleetClient

PREFIX = "127.0.79"
KEYS = {"name", "address", "http", "https", "user", "password_file", "root", "engine", "power", "services"}
ROOT = Path(__file__).parents[3]


class Said(Output):
    """Output that can be read back."""

    def __init__(self, as_json: bool = False) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        super().__init__(as_json, self.out, self.err)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    shutil.copytree(ROOT / "inventories", tmp_path / "inventories")
    monkeypatch.setenv("DEPLOY_PROJECT", str(tmp_path))
    monkeypatch.setenv("DEPLOY_SANDBOX_PREFIX", PREFIX)
    project = Project.find(os.environ)
    yield project
    FleetClient(project.sandbox("dev")).stop()


def test_up_twice_status_power_fault_down(project: Project) -> None:
    said = Said()
    assert sandbox.sandbox_up(project, "dev", "builtin", said) == Exit.OK
    assert "invoke release.build --version 1.0.0 --source .deploy/sandbox/dev/samples/1.0.0" in said.out.getvalue()
    key = project.secrets("dev") / "settings/secrets_digest_key"
    before = key.read_text("utf-8")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert {path.suffix for path in (project.state / "store/runtimes").iterdir()} == {".zip", ".json"}

    again = Said()
    assert sandbox.sandbox_up(project, "dev", "builtin", again) == Exit.OK
    assert "up already" in again.out.getvalue()
    assert key.read_text("utf-8") == before

    sandbox.sandbox_power(project, "dev", "dev-trade-01", "off", Said())
    status = Said(as_json=True)
    sandbox.sandbox_status(project, "dev", status)
    hosts = json.loads(status.out.getvalue())["hosts"]
    assert {tuple(sorted(host)) for host in hosts} == {tuple(sorted(KEYS))}
    assert [host["power"] for host in hosts] == ["off", "on", "on"]
    assert hosts[0]["http"] == f"http://{PREFIX}.11:5985/wsman"
    assert Path(hosts[0]["password_file"]).is_file()

    sandbox.sandbox_fault(project, "dev", "dev-trade-02", "drop-connection", {"step": "before:Command"}, Said())
    waiting = Said()
    sandbox.sandbox_status(project, "dev", waiting)
    assert "fault waiting: drop-connection, before:Command" in waiting.out.getvalue()
    sandbox.sandbox_fault(project, "dev", "dev-trade-02", None, {"clear": True}, Said())
    cleared = Said()
    sandbox.sandbox_status(project, "dev", cleared)
    assert "fault waiting" not in cleared.out.getvalue()
    assert sandbox.sandbox_down(project, "dev", Said()) == Exit.OK
    assert sandbox.sandbox_down(project, "dev", Said()) == Exit.OK


def test_what_is_refused_without_a_sandbox(project: Project) -> None:
    with pytest.raises(Refused, match=r"sandbox\.up --env dev"):
        sandbox.sandbox_status(project, "dev", Said())
    with pytest.raises(Refused, match="loopback"):
        sandbox.sandbox_up(project, "prod", "builtin", Said())
    with pytest.raises(UsageError, match="builtin"):
        sandbox.sandbox_up(project, "dev", "steam", Said())


def test_a_taken_port_is_refused_with_address_and_port(project: Project) -> None:
    with socket.create_server((f"{PREFIX}.12", 5986)), pytest.raises(Refused) as caught:
        sandbox.sandbox_up(project, "dev", "builtin", Said())
    assert f"{PREFIX}.12:5986" in str(caught.value)
    assert not (project.sandbox("dev") / "daemon.pid").exists()


def test_slips_are_explained(project: Project) -> None:
    sandbox.sandbox_up(project, "dev", "builtin", Said())
    with pytest.raises(UsageError, match="kill-worker"):
        sandbox.sandbox_fault(project, "dev", "dev-trade-01", "fire", {}, Said())
    with pytest.raises(Refused, match="dev-gateway-01"):
        sandbox.sandbox_power(project, "dev", "dev-trade-9", "off", Said())
    with pytest.raises(UsageError, match=r"sandbox\.power"):
        sandbox.sandbox_power(project, "dev", None, "off", Said())
    with pytest.raises(UsageError, match="one of the two"):
        sandbox.sandbox_power(project, "dev", "dev-trade-01", "", Said())
