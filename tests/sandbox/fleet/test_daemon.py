"""The fleet's daemon as a process: started, asked, broken, killed, ended; state survives all of it."""

import http.client
import json
import os
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import winrm

from deploy.sandbox.fleet.client import FleetClient, FleetError
from deploy.sandbox.fleet.identity import identify
from deploy.sandbox.fleet.spec import FleetSpec, HostSpec, StoreSpec, read
from tests.sandbox.wsman.conftest import wait_until

HOSTS = (HostSpec("one", "127.0.78.31"), HostSpec("two", "127.0.78.32"))
NOTEPAD = r"C:\Windows\Temp\kept.txt"


@pytest.fixture
def spec(tmp_path: Path) -> FleetSpec:
    store = tmp_path / "store"
    store.mkdir()
    (store / "release.zip").write_bytes(b"release")
    return FleetSpec(HOSTS, StoreSpec(str(store), "127.0.78.30", 18088), http_port=15985, https_port=15986)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FleetClient]:
    client = FleetClient(tmp_path / "fleet")
    yield client
    client.stop()


def run(client: FleetClient, number: int, line: str) -> Any:
    host = client.ask({"do": "status"})[number]
    password = Path(host["password_file"]).read_text("utf-8")
    trust = {"ca_trust_path": str(client.folder.certificates.ca), "proxy": None}
    return winrm.Session(host["https"], (host["user"], password), transport="ntlm", **trust).run_cmd(line)


def test_a_fleet_is_started_found_and_ended(client: FleetClient, spec: FleetSpec) -> None:
    assert client.start(spec)
    assert not client.start(spec)
    assert run(client, 0, "hostname").std_out == b"one\r\n"
    assert run(client, 1, "hostname").std_out == b"two\r\n"
    assert client.stop()
    assert not client.stop()
    assert not client.running()
    for place in spec.addresses():
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(place, 1)


def test_secrets_are_their_owners_alone(client: FleetClient, spec: FleetSpec) -> None:
    client.start(spec)
    folder = client.folder
    private = [folder.password, folder.ntlm_file, folder.certificates.client_key, folder.certificates.server]
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    password = folder.password.read_text("utf-8")
    assert len(password) >= 32
    assert password not in folder.log.read_text("utf-8")
    assert password not in Path(f"/proc/{pid_of(client)}/cmdline").read_text("utf-8")


def test_state_survives_a_restart_and_a_kill(client: FleetClient, spec: FleetSpec) -> None:
    client.start(spec)
    password = client.folder.password.read_text("utf-8")
    assert run(client, 0, f"echo kept> {NOTEPAD}&& sc create Kept binPath= C:\\x.exe").status_code == 0
    client.stop()
    client.start(spec)
    assert b"SERVICE_NAME: Kept" in run(client, 0, "sc query Kept").std_out
    os.kill(pid_of(client), signal.SIGKILL)
    wait_until(lambda: not client.running())
    assert client.start(spec)
    assert run(client, 0, f"type {NOTEPAD}").std_out == b"kept\r\n"
    assert client.folder.password.read_text("utf-8") == password


def test_a_port_that_somebody_else_has_is_named(client: FleetClient, spec: FleetSpec) -> None:
    with socket.create_server(("127.0.78.32", spec.https_port)), pytest.raises(FleetError) as caught:
        client.start(spec)
    assert caught.value.taken == ("127.0.78.32", spec.https_port)
    assert not client.running()
    assert client.start(spec)


def test_another_engine_s_disk_is_left_alone(client: FleetClient, spec: FleetSpec, tmp_path: Path) -> None:
    disk = client.folder.host("one") / "C"
    disk.parent.mkdir(parents=True)
    disk.symlink_to(tmp_path)
    with pytest.raises(FleetError, match="another engine's host: remove"):
        client.start(spec)


def test_other_hosts_need_a_restart(client: FleetClient, spec: FleetSpec) -> None:
    client.start(spec)
    with pytest.raises(FleetError, match="other hosts"):
        client.start(FleetSpec(HOSTS[:1], None))
    assert read(client.folder.path) == spec


def test_power_is_switched_and_shown(client: FleetClient, spec: FleetSpec) -> None:
    client.start(spec)
    client.ask({"do": "power", "host": "one", "on": False})
    assert [host["power"] for host in client.ask({"do": "status"})] == ["off", "on"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.78.31", spec.http_port), 1)
    client.ask({"do": "power", "host": "one", "on": True})
    assert run(client, 0, "hostname").status_code == 0


def test_faults_are_armed_shown_and_cleared(client: FleetClient, spec: FleetSpec) -> None:
    client.start(spec)
    faults = [
        {"kind": "drop-connection", "label": "after:Command"},
        {"kind": "drop-connection", "step": 3},
        {"kind": "latency", "label": "1"},
        {"kind": "power-off", "label": "acted:2"},
    ]
    for fault in faults:
        client.ask({"do": "fault", "host": "one", "fault": fault})
    shown = client.ask({"do": "status"})[0]["faults"]
    assert sorted((fault["kind"], fault["label"]) for fault in shown) == [
        ("drop-connection", "after:Command"),
        ("drop-connection", "before:3"),
        ("latency", "1"),
        ("power-off", "acted:2"),
    ]
    client.ask({"do": "clear", "host": "one"})
    assert client.ask({"do": "status"})[0]["faults"] == []


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"do": "dance"}, "dance"),
        ({"do": "power", "host": "three", "on": True}, "expected one of one, two"),
        ({"do": "fault", "host": "one", "fault": {"kind": "fire"}}, "expected one of"),
        ({"do": "fault", "host": "one", "fault": {"kind": "latency", "label": "x"}}, "milliseconds"),
        ({"do": "fault", "host": "one", "fault": {"kind": "kill-service"}}, "name of a service"),
    ],
)
def test_requests_that_are_refused(client: FleetClient, spec: FleetSpec, wanted: dict[str, Any], message: str) -> None:
    client.start(spec)
    with pytest.raises(FleetError, match=message):
        client.ask(wanted)


@pytest.mark.parametrize(("path", "status"), [("/release.zip", 200), ("/", 404), ("/../fleet/password", 404)])
def test_hosts_can_pull_from_the_store(client: FleetClient, spec: FleetSpec, path: str, status: int) -> None:
    client.start(spec)
    assert spec.store
    connection = http.client.HTTPConnection(spec.store.address, spec.store.port, timeout=5)
    connection.request("GET", path)
    assert connection.getresponse().status == status
    connection.close()


def test_an_identity_is_not_that_of_a_later_process() -> None:
    me = identify(os.getpid())
    assert me.alive()
    assert not type(me)(me.pid, me.started - 1).alive()


def pid_of(client: FleetClient) -> int:
    """The daemon's process id."""

    return int(json.loads(client.folder.process.read_text("utf-8"))["pid"])


def test_a_service_started_by_hand_is_shown_with_process_and_port(client: FleetClient, spec: FleetSpec) -> None:
    client.start(spec)
    folder = client.folder.host("one") / "C/app"
    folder.mkdir()
    (folder / "DataCapture.exe").write_text("SANDBOX-EXE native data-capture 1.0.0\n", "utf-8")
    settings = {"Service": "Demo", "Port": 5050, "Address": "127.0.78.31"}
    (folder / "appsettings.json").write_text(json.dumps(settings), "utf-8")
    create = r'sc create Demo binPath= "C:\app\DataCapture.exe --config C:\app\appsettings.json"'
    assert run(client, 0, f"{create} && sc start Demo").status_code == 0
    assert client.ask({"do": "status"})[1]["services"] == []
    wait_until(lambda: client.ask({"do": "status"})[0]["services"][0]["port"] == 5050)
    service = client.ask({"do": "status"})[0]["services"][0]
    assert service["name"] == "Demo"
    assert f"{service['pid']} Demo" in run(client, 0, "tasklist").std_out.decode()
    client.stop()
    assert not Path(f"/proc/{service['pid']}").exists()


def test_how_often_tasks_run_can_be_set(client: FleetClient, spec: FleetSpec) -> None:
    client.start(spec)
    client.ask({"do": "task-interval", "seconds": 0.5})
    client.ask({"do": "fire-tasks", "host": "one"})
    with pytest.raises(FleetError, match="float"):
        client.ask({"do": "task-interval", "seconds": "often"})
