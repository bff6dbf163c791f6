"""Service verbs on real processes: what each does, twice, dry, and how it fails."""

import socket
from typing import Any

import pytest

from tests.contract.connection import Connection, sha256, step
from tests.contract.host_half import HostHalf
from tests.contract.stand_in import KEY, NAME, PORT, ROOT, Service, configuration, identity


@pytest.fixture
def service(host: HostHalf, worker: Connection) -> Service:
    return Service(host, worker)


def test_create_registers_it_disabled(service: Service) -> None:
    again = step("service.create", **identity(service.image_path))
    assert not service.worker.apply(again)[0]["changed"]
    fact = service.fact()
    assert (fact["exists"], fact["state"], fact["pid"], fact["process"]) == (True, "Stopped", 0, None)
    assert fact["registration"]["start"] == "disabled"
    assert fact["registration"]["account"] == rf"NT SERVICE\{NAME}"


def test_configure_changes_what_differs_and_reads_back(service: Service) -> None:
    wanted = configuration(service.image_path)
    configure = step("service.configure", **wanted)
    dry = service.worker.apply(configure, dry=True)[0]
    assert dry["changed"]
    assert service.fact()["registration"]["failure_actions"] == ""
    assert service.worker.apply(configure)[0] == dry
    assert not service.worker.apply(configure)[0]["changed"]
    registration = service.fact()["registration"]
    assert registration == {**{k: v for k, v in wanted.items() if k != "name"}, "start": "disabled"}
    bare = configuration(service.image_path, environment={}, failure_actions="", description="")
    assert service.worker.apply(step("service.configure", **bare))[0]["changed"]
    values = service.host.kernel.reg_get(KEY) or {}
    assert not {"Environment", "FailureActions", "Description"} & set(values), (
        "empty ones are absent, as Windows has it"
    )


@pytest.mark.parametrize("start", ["auto", "delayed-auto", "manual", "disabled"])
def test_start_types(service: Service, start: str) -> None:
    set_start = service.step("start_type", start=start)
    assert service.worker.apply(set_start)[0]["changed"] is (start != "disabled")
    assert not service.worker.apply(set_start)[0]["changed"]
    assert service.fact()["registration"]["start"] == start


def test_an_unknown_start_type(service: Service) -> None:
    assert service.fails(service.step("start_type", start="sometimes"))["code"] == "bad-request"


def test_start_and_stop(service: Service) -> None:
    service.run()
    assert not service.worker.apply(service.start())[0]["changed"]
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
    assert service.host.kernel.process(running["pid"]) is None


def test_a_disabled_service_does_not_start(service: Service) -> None:
    assert service.fails(service.start())["code"] == "start-failed"


def test_a_service_that_crashes_at_its_start(host: HostHalf, worker: Connection) -> None:
    service = Service(host, worker, faults={"crashOnStart": True})
    worker.apply(service.step("start_type", start="manual"))
    assert service.fails(service.start())["code"] == "start-failed"


def test_a_service_that_never_gets_ready(host: HostHalf, worker: Connection) -> None:
    service = Service(host, worker, faults={"hangOnStart": True})
    worker.apply(service.step("start_type", start="manual"))
    assert service.fails({**service.start(), "deadline_s": 0.5})["code"] == "timeout"


@pytest.mark.parametrize(("on_timeout", "code"), [("kill", ""), ("stuck", "still-running")])
def test_a_service_that_refuses_to_stop(host: HostHalf, worker: Connection, on_timeout: str, code: str) -> None:
    service = Service(host, worker, faults={"hangOnStop": True})
    service.run()
    pid = service.fact()["pid"]
    answer = worker.ask("apply", {"steps": [service.stop(on_timeout, 0.5)]})
    assert answer.code == code
    assert (host.kernel.process(pid) is None) is (on_timeout == "kill")


def test_a_stop_with_a_foreign_listener_on_the_port(host: HostHalf, service: Service) -> None:
    with socket.create_server((host.address, PORT)):
        assert service.fails(service.stop("kill", 0.3))["code"] == "still-running"
    assert service.worker.apply(service.stop())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"folder": r"C:\TradingSystem\releases\Try\2.0.0-def"}, "not out of"),
        ({"manifest_sha256": "0" * 64}, "revision.json"),
        ({"probe": {"kind": "http", "url": "http://127.0.79.1:1/", "expect": {}, "timeout_s": 1}}, "probe"),
        ({"min_healthy_s": 60}, "well for"),
    ],
)
def test_what_is_not_healthy(service: Service, change: dict[str, Any], reason: str) -> None:
    service.run()
    error = service.fails(service.healthy(0.4, **change))
    assert error["code"] == "unhealthy"
    assert reason in error["message"]


def test_the_gate_asks_for_fields_and_manifest(service: Service) -> None:
    service.run()
    manifest = service.host.path(service.folder) / "revision.json"
    manifest.write_bytes(b"{}")
    url = f"http://{service.host.address}:{PORT}/health"
    good = {"kind": "http", "url": url, "expect": {"version": "1.0.0"}, "timeout_s": 1}
    bad = {**good, "expect": {"version": "2.0.0"}}
    service.worker.apply(service.healthy(manifest_sha256=sha256(b"{}"), probe=good))
    assert service.fails(service.healthy(0.3, probe=bad))["code"] == "unhealthy"


def test_a_crash_loop_never_passes_the_gate(host: HostHalf, worker: Connection) -> None:
    """Promise 3's ground: recovery actions bring it back again and again, always as another process."""
    service = Service(host, worker, faults={"crashAfterSeconds": 0.2})
    at_once = "80510100000000000000000001000000140000000100000000000000"
    worker.apply(
        step("service.configure", **configuration(service.image_path, failure_actions=at_once)),
        service.step("start_type", start="auto"),
        service.start(),
    )
    assert service.fails(service.healthy(2.5, min_healthy_s=1.0))["code"] == "unhealthy"


def test_no_service_is_healthy_by_its_absence(worker: Connection, host: HostHalf) -> None:
    names: dict[str, dict[str, Any]] = {
        "start": {},
        "stop": {"ports": [], "on_timeout": "kill"},
        "start_type": {"start": "auto"},
    }
    for verb, args in names.items():
        answer = worker.ask("apply", {"steps": [step(f"service.{verb}", name="Absent", **args)]})
        assert answer.code == "missing", verb


def test_drain(service: Service) -> None:
    base = f"http://{service.host.address}:{PORT}"
    done = {"url": f"{base}/health", "field": "draining", "equals": True}
    drain = service.step("drain", url=f"{base}/drain", done=done, undo_url=f"{base}/resume", settle_s=0)
    assert not service.worker.apply(drain)[0]["changed"], "it doesn't run"
    service.run()
    assert service.worker.apply(drain, dry=True)[0]["changed"]
    assert service.fact()["probe"]["body"]["draining"] is False
    assert service.worker.apply(drain)[0]["changed"]
    assert service.fact()["probe"]["body"]["draining"] is True
    never = service.step("drain", 0.3, url=f"{base}/drain", done={**done, "equals": 7}, undo_url=base, settle_s=0)
    assert service.fails(never)["code"] == "timeout"


@pytest.mark.parametrize(
    "expect", [{"exists": False}, {"image_path": "other"}, {"start": "auto"}, {"environment": {"A": "b"}}]
)
def test_an_expectation_that_does_not_hold(service: Service, expect: dict[str, Any]) -> None:
    stop = {**service.stop(), "expect": expect}
    error = service.fails(stop)
    assert error["code"] == "unexpected-state"
    assert set(error["actual"]) == set(expect)
    held = {**service.stop(), "expect": {"exists": True, "start": "disabled", "image_path": service.image_path}}
    assert service.worker.apply(held)


def test_adoption(host: HostHalf, worker: Connection) -> None:
    image = host.service("Old", PORT, r"C:\legacy app")
    old: dict[str, Any] = {
        "name": "TradingSystem-Old",
        "image_path": image,
        "display_name": "Old",
        "description": "",
        "account": "LocalSystem",
    }
    worker.apply(step("service.create", **old))
    adopt = step("service.adopt", name="TradingSystem-Old")
    assert worker.apply(adopt, dry=True)[0]["changed"]
    assert worker.must("facts")["adopted"]["value"] == {}
    assert worker.apply(adopt)[0]["changed"]
    assert not worker.apply(adopt)[0]["changed"]
    record = worker.must("facts")["adopted"]["value"]["TradingSystem-Old"]
    assert record["revision"].startswith("unmanaged@")
    assert record["registration"]["image_path"] == image
    assert record["folder"] == r"C:\legacy app"
    digits = record["revision"].partition("@")[2]
    assert record["copy"] == rf"{ROOT}\releases\TradingSystem-Old\unmanaged-{digits}"
    original = {path.name: path.read_bytes() for path in host.path(r"C:\legacy app").iterdir()}
    assert {path.name: path.read_bytes() for path in host.path(record["copy"]).iterdir()} == original
    (revision,) = worker.must("facts")["revisions"]["value"]
    assert (revision["name"], revision["complete"], revision["manifest"]) == (f"unmanaged-{digits}", True, None)
