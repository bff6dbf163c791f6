"""The gate: a service is healthy when its own answers say so, for long enough, and as one process."""

from typing import Any

import pytest

from tests.contract.answering import answering
from tests.contract.connection import Connection, sha256, step
from tests.contract.host_half import HostHalf
from tests.contract.stand_in import AT_ONCE, NAME, PORT, Service, configuration
from tests.contract.waiting import until

UNHEALTHY: list[tuple[dict[str, Any], str]] = [
    ({"folder": r"C:\TradingSystem\releases\Try\2.0.0-def"}, "not out of"),
    ({"manifest_sha256": "0" * 64}, "revision.json"),
    ({"probe": {"kind": "http", "url": "http://127.0.79.1:1/", "expect": {}, "timeout_s": 1}}, "probe"),
    ({"min_healthy_s": 60}, "well for"),
]


def test_what_is_not_healthy(service: Service) -> None:
    service.run()
    for change, reason in UNHEALTHY:
        error = service.fails(service.healthy(0.4, **change))
        assert (error["code"], reason in error["message"]) == ("unhealthy", True), f"{change}: {error}"
    assert service.worker.change(service.healthy(), dry=True) == [False]


def test_the_gate_asks_for_fields_and_manifest(service: Service) -> None:
    service.run()
    manifest = service.host.path(service.folder) / "revision.json"
    manifest.write_bytes(b"{}")
    url = f"http://{service.host.address}:{PORT}/health"
    good = {"kind": "http", "url": url, "expect": {"version": "1.0.0"}, "timeout_s": 1}
    bad = {**good, "expect": {"version": "2.0.0"}}
    service.worker.apply(service.healthy(manifest_sha256=sha256(b"{}"), probe=good))
    assert service.fails(service.healthy(0.3, probe=bad))["code"] == "unhealthy"


@pytest.mark.stand_in("recovery actions", "services that died")
def test_a_crash_loop_never_passes_the_gate(host: HostHalf, worker: Connection) -> None:
    """Promise 3's ground: recovery actions bring it back again and again, always as another process."""
    service = Service(host, worker, faults={"crashAfterSeconds": 0.2})
    worker.apply(
        step("service.configure", **configuration(service.image_path, failure_actions=AT_ONCE)),
        service.step("start_type", start="auto"),
        service.start(),
    )
    assert service.fails(service.healthy(2.5, min_healthy_s=1.0))["code"] == "unhealthy"


@pytest.mark.stand_in("recovery actions", "services that died")
def test_a_process_that_changed_starts_the_time_anew(service: Service) -> None:
    """The first look asks the test, which exchanges the process before it answers: the gate sees two that are well."""
    configured = configuration(service.image_path, failure_actions=AT_ONCE)
    service.worker.apply(step("service.configure", **configured))
    service.run()
    reader, old = service.host.worker(), service.fact()["pid"]
    looks: list[int] = []

    def is_new() -> bool:
        asked: dict[str, Any] = {"services": [{"name": NAME, "probe": None, "ports": []}]}
        (fact,) = reader.must("facts", asked)["services"]["value"]
        return fact["state"] == "Running" and fact["pid"] not in {0, old}

    def look() -> None:
        looks.append(len(looks))
        if len(looks) == 1:
            service.host.kill(old)
            until(is_new)

    with answering(look) as url:
        probe = {"kind": "http", "url": url, "expect": {}, "timeout_s": 60}
        (gate,) = service.worker.apply(service.healthy(90, probe=probe, min_healthy_s=0.5, interval_s=1.0))
    assert gate["detail"]["pid"] != old
    assert len(looks) >= 3, "the second look was the first at this process"
