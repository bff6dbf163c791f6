"""Services' processes: started, stopped, what they hold, and how they fail."""

import socket

import pytest

from tests.contract.connection import Connection, sha256, step
from tests.contract.host_half import ROOT, HostHalf
from tests.contract.stand_in import GATE, PORT, Service, configuration


def test_start_and_stop(service: Service) -> None:
    service.worker.apply(service.step("start_type", start="auto"))
    assert service.worker.change(service.start(), dry=True) == [True]
    assert service.fact()["state"] == "Stopped"
    assert service.worker.change(service.start(), service.healthy()) == [True, False]
    assert service.worker.change(service.start()) == [False]
    running = service.fact()
    assert (running["state"], running["ports"][0]["open"], running["probe"]["ok"]) == ("Running", True, True)
    assert running["probe"]["body"]["pid"] == running["pid"]
    assert service.worker.apply(service.stop(), dry=True)[0]["changed"]
    assert service.fact()["pid"] == running["pid"]
    assert service.worker.apply(service.stop())[0]["changed"]
    assert not service.worker.apply(service.stop())[0]["changed"]
    stopped = service.fact()
    assert (stopped["state"], stopped["ports"][0]["open"]) == ("Stopped", False)
    assert stopped["registration"]["start"] == "disabled"
    assert not service.host.alive(running["pid"])


def test_what_does_not_start(service: Service) -> None:
    """Disabled; no program; nothing at all; another one that it needs."""
    assert service.fails(service.start())["code"] == "start-failed"
    folder = service.host.path(r"C:\app")
    folder.mkdir()
    (folder / "text.exe").write_text("no program")
    for name, program in (("Text", "text"), ("Gone", "gone"), ("Needs it", "gone")):
        own = {**configuration(rf"C:\app\{program}.exe"), "name": name, "display_name": "", "account": "LocalSystem"}
        made = {key: own[key] for key in ("name", "image_path", "display_name", "description", "account")}
        needs = {"depends_on": ["Text"] if name == "Needs it" else []}
        steps = [step("service.create", **made), step("service.configure", **{**own, **needs})]
        service.worker.apply(*steps, step("service.start_type", name=name, start="manual"))
        assert service.worker.refusal(step("service.start", name=name)) == "start-failed", name
        assert service.worker.refusal(step("service.healthy", deadline_s=0.2, **GATE, name=name)) == "unhealthy", name


def test_what_a_running_service_keeps(host: HostHalf, worker: Connection) -> None:
    """A file that it holds for itself alone can be neither replaced nor read, until it stops."""
    held = rf"{ROOT}\data\only one.lock"
    service = Service(host, worker, singletonLock=held)
    worker.apply(step("dir.ensure", path=rf"{ROOT}\data", acl=None))
    service.run()
    replace = step("file.put", path=held, sha256=sha256(b"x"), size=1, data={"data": 0}, acl=None)
    assert worker.refusal(replace, [b"x"]) == "busy"
    assert worker.ask("file.read", {"path": held}).code == "busy"
    assert worker.must("facts", {"paths": [held]})["paths"]["error"]["code"] == "busy"
    assert [path.name for path in host.path(held).parent.iterdir()] == ["only one.lock"]
    worker.apply(service.stop())
    assert worker.change(replace, data=[b"x"]) == [True]


@pytest.mark.windows_only("Wine lets the program of a running process be renamed and removed")
def test_a_program_that_runs_is_not_replaced(service: Service) -> None:
    service.run()
    program = rf"{service.folder}\Try.exe"
    before = service.host.path(program).read_bytes()
    replace = step("file.put", path=program, sha256=sha256(b"x"), size=1, data={"data": 0}, acl=None)
    assert service.worker.refusal(replace, [b"x"]) in {"busy", "access-denied"}
    assert service.host.path(program).read_bytes() == before
    (pruned,) = service.worker.apply(step("cache.prune", keep=[], folders=[service.folder]))
    assert (pruned["changed"], pruned["detail"]["busy"]) == (False, [service.folder])
    assert service.host.path(program).exists()


@pytest.mark.stand_in("services that died")
def test_a_service_that_crashes_at_its_start(host: HostHalf, worker: Connection) -> None:
    service = Service(host, worker, faults={"crashOnStart": True})
    worker.apply(service.step("start_type", start="manual"))
    assert service.fails(service.start())["code"] == "start-failed"


def test_a_service_that_never_gets_ready(host: HostHalf, worker: Connection) -> None:
    service = Service(host, worker, faults={"hangOnStart": True})
    worker.apply(service.step("start_type", start="manual"))
    assert service.fails({**service.start(), "deadline_s": 0.5})["code"] == "timeout"


@pytest.mark.stand_in("services that died")
def test_a_service_that_refuses_to_stop(host: HostHalf, worker: Connection) -> None:
    service = Service(host, worker, faults={"hangOnStop": True})
    service.run()
    pid = service.fact()["pid"]
    assert service.fails(service.stop("stuck", 0.5))["code"] == "still-running"
    assert host.alive(pid)
    assert worker.change(service.stop("kill", 0.5)) == [True]
    assert not host.alive(pid)
    assert service.fact()["registration"]["start"] == "disabled"


def test_a_stop_with_a_foreign_listener_on_the_port(host: HostHalf, service: Service) -> None:
    with socket.create_server((host.address, PORT)):
        assert service.fails(service.stop("kill", 0.3))["code"] == "still-running"
    assert service.worker.apply(service.stop())
