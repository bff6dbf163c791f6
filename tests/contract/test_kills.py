"""An executor that dies or hangs at any step: everything old, or everything new, and nobody had to connect."""

from typing import Any

import pytest

from tests.contract.connection import Connection, sha256, step
from tests.contract.host_half import ROOT, HostHalf
from tests.contract.leftover import journaled, outcome
from tests.contract.stand_in import NAME, Service, configuration, identity
from tests.contract.waiting import until

pytestmark = pytest.mark.stand_in("task scheduler")
FILE, SECRET = rf"{ROOT}\data\settings.json", rf"{ROOT}\secrets\{NAME}\broker"
OLD, NEW = b"old", b"new"
FAILING = step("service.start", "fails", name="Absent")
STEPS = 3
FORWARD = ["begun", *(f"{point}:{i}" for i in range(STEPS) for point in ("before", "acted", "done"))]
BACK = [f"{point}:{i}" for i in reversed(range(STEPS)) for point in ("undo", "undone")]


def steps(*more: dict[str, Any]) -> list[dict[str, Any]]:
    put: dict[str, Any] = {"path": FILE, "sha256": sha256(NEW), "size": len(NEW), "acl": None, "data": {"data": 0}}
    return [
        step("file.put", **put),
        step("secret.put", path=SECRET, data={"data": 1}, service=NAME),
        step("service.configure", **configuration("new.exe", description="new")),
        *more,
    ]


class Bench:
    """A host with old contents, and a fault waiting for the executor."""

    def __init__(self, host: HostHalf, label: str, kind: Any = "kill") -> None:
        self.host = host
        host.strike(label, kind)
        self.worker = host.holder()
        self.worker.apply(step("service.create", **identity("old.exe")))
        path = host.path(FILE)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(OLD)

    def submit(self, *more: dict[str, Any], deadline_s: float = 30) -> None:
        each_with_deadline = [{**each, "deadline_s": deadline_s} for each in steps(*more)]
        args = {"tx": "t", "steps": each_with_deadline, "await_s": 60, "follow": False}
        self.worker.must("tx.submit", args, [NEW, NEW])
        until(self.host.struck)

    def outcome(self) -> str:
        return outcome(self.host, "t")

    def is_old(self) -> bool:
        (found,) = self.worker.must("facts", {"services": [{"name": NAME, "probe": None, "ports": []}]})["services"][
            "value"
        ]
        registration = found["registration"]
        return (
            self.host.path(FILE).read_bytes() == OLD
            and not self.host.path(SECRET).exists()
            and (registration["image_path"], registration["description"]) == ("old.exe", "A service")
        )


@pytest.mark.parametrize("label", FORWARD)
def test_promise_2_killed_on_the_way_forward(host: HostHalf, label: str) -> None:
    bench = Bench(host, label)
    bench.submit()
    until(lambda: not host.executors())
    host.settle()
    assert bench.outcome() == "undone"
    assert bench.is_old()
    assert not host.task_enabled()


@pytest.mark.parametrize("label", BACK)
def test_promise_2_killed_on_the_way_back(host: HostHalf, label: str) -> None:
    bench = Bench(host, label)
    bench.submit(FAILING)
    until(lambda: not host.executors())
    host.settle()
    assert bench.outcome() == "undone"
    assert bench.is_old()


def test_promise_2_one_that_hangs_is_left_alone_until_its_deadline(host: HostHalf) -> None:
    bench = Bench(host, "before:1", "hang")
    bench.submit(deadline_s=600)
    until(lambda: host.executors() == 1)
    (hanging,) = [record["pid"] for record in journaled(host, "t") if record["t"] == "begun"]
    host.fire()
    until(lambda: host.executors() == 1)
    assert host.alive(hanging), "the other one has ended, not this one"
    assert [record["t"] for record in journaled(host, "t")][-1] == "doing"


def test_promise_2_one_that_hangs_past_its_deadline_is_ended_and_its_work_undone(host: HostHalf) -> None:
    bench = Bench(host, "acted:0", "hang")
    bench.submit(deadline_s=5)
    hanging = host.executors()

    def ended() -> str:
        if host.executors() <= hanging:
            host.fire()
        return bench.outcome()

    until(ended)
    result = bench.worker.must("tx.read", {"tx": "t", "after": 0})
    assert result["outcome"] == "undone"
    error = result["records"][-1]["error"]
    assert (error["code"], error["where"]) == ("timeout", "file.put")
    assert bench.is_old()


@pytest.mark.not_natively("the computer that runs the tests would be cut off with them")
@pytest.mark.parametrize("label", ["before:1", "acted:2"])
def test_promise_2_the_power_goes(host: HostHalf, label: str) -> None:
    bench = Bench(host, label, "hang")
    bench.submit()
    host.reboot()
    # Nothing is brought forward: the start-up trigger does it
    until(lambda: bench.outcome() == "undone")
    bench.worker = host.worker()
    assert bench.is_old()


def test_promise_2_a_service_that_was_stopped_runs_again(host: HostHalf) -> None:
    host.strike("acted:0")
    worker = host.holder()
    service = Service(host, worker)
    service.run()
    worker.must("tx.submit", {"tx": "t", "steps": [service.stop(), FAILING], "await_s": 60, "follow": False})
    until(lambda: host.struck() and not host.executors())
    assert service.fact()["state"] == "Stopped"
    host.settle()
    assert worker.must("tx.read", {"tx": "t", "after": 0})["outcome"] == "undone"
    after = service.fact()
    assert (after["state"], after["registration"]["start"]) == ("Running", "auto")


def test_the_worker_dies_and_the_run_goes_on(host: HostHalf, worker: Connection) -> None:
    service = Service(host, worker)
    service.run()
    gate = service.healthy(min_healthy_s=0.5)
    worker.must(
        "tx.submit", {"tx": "t", "steps": [service.stop(), *_again(service), gate], "await_s": 60, "follow": False}
    )
    worker.close()
    until(lambda: outcome(host, "t") == "committed")


def _again(service: Service) -> list[dict[str, Any]]:
    return [service.step("start_type", start="auto"), service.start()]
