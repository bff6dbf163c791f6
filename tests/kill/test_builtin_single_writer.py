"""Promise 1 on the built-in engine: never two Order Managers, whatever dies while one replaces the other."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.kill.builtin_bench import BROKEN, SECOND_INSTANCE, Bench, until

KILLS = [
    ("kill-executor", "acted:0"),
    ("kill-executor", "acted:4"),
    ("kill-worker", "before:0"),
    ("power-off", "before:0"),
    ("power-off", "acted:2"),
    ("power-off", "acted:3"),
    ("power-off", "acted:4"),
]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One machine for all cases."""
    bench = Bench(tmp_path_factory.mktemp("writer") / "machine")
    yield bench
    bench.close()


@contextmanager
def watched(bench: Bench) -> Iterator[set[int]]:
    """How many writers were alive at once, looked at all the time."""
    seen: set[int] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.add(len(bench.machine.processes.all("service")))
            done.wait(0.002)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize(("kind", "label"), KILLS)
def test_promise_1_never_two_writers(bench: Bench, kind: str, label: str) -> None:
    bench.recover()
    old, new = bench.version, bench.other
    with watched(bench) as seen:
        bench.machine.faults.arm({"kind": kind, "label": label})
        tx = bench.submit(new)
        until(lambda: bench.reached(label))
        if kind == "power-off":
            until(lambda: not bench.machine.powered)
            bench.machine.power_on()
        outcome = bench.settle(tx)
        bench.must_be(new if outcome == "committed" else old)
    assert max(seen) == 1
    assert SECOND_INSTANCE not in bench.service_log()


def test_promise_1_a_writer_that_does_not_stop_is_not_replaced(bench: Bench) -> None:
    bench.recover()
    old = bench.version
    bench.machine.faults.arm({"kind": "refuse-stop", "service": "TradingSystem-OrderManager"})
    steps = bench.steps(bench.other)
    steps[0]["args"]["on_timeout"] = "stuck"
    steps[0]["deadline_s"] = 0.5
    with watched(bench) as seen:
        tx = bench.submit(bench.other, steps=steps)
        until(lambda: bench.records(tx) and bench.records(tx)[-1]["t"] == "stuck")
        bench.machine.schedule.fire()
        until(lambda: not bench.machine.processes.all("executor"))
        assert bench.records(tx)[-1]["t"] == "stuck", "it still runs"
        bench.machine.faults.clear()
        assert bench.settle(tx) == "undone"
        bench.must_be(old)
    assert max(seen) == 1


@pytest.mark.parametrize("label", ["submit", "before:0", "before:1", "before:4", "before:5"])
def test_promise_2_a_full_disk(bench: Bench, label: str) -> None:
    bench.recover()
    old = bench.version
    bench.machine.faults.arm({"kind": "fill-disk", "label": label})
    tx = bench.submit(bench.other)
    until(lambda: bench.reached(label))
    bench.machine.faults.clear()
    if label == "submit":
        bench.host.clock.ahead_s += 60
    assert bench.settle(tx) == ("dropped" if label == "submit" else "undone")
    if label != "submit":
        assert bench.records(tx)[-1]["error"]["code"] == "disk-full"
    bench.must_be(old)


@pytest.mark.parametrize("label", ["begun", *(f"{when}:{i}" for i in range(6) for when in ("before", "acted", "done"))])
def test_promise_2_a_disk_that_stays_full(bench: Bench, label: str) -> None:
    """Neither undo data nor a record finds room; the undo is told out of the reserve."""
    bench.recover()
    old = bench.version
    bench.machine.faults.arm({"kind": "fill-disk", "label": label})
    tx = bench.submit(bench.other)
    until(lambda: bench.outcome(tx), what=label)
    assert bench.machine.faults.disk_full
    assert bench.outcome(tx) == "undone"
    assert bench.records(tx)[-1]["error"]["code"] == "disk-full"
    bench.must_be(old)


def test_promise_2_an_executor_that_dies_on_a_full_disk(bench: Bench) -> None:
    """The next one has no room for saying who it is, either."""
    bench.recover()
    old = bench.version
    bench.machine.faults.arm({"kind": "kill-executor", "label": "acted:3"})
    tx = bench.submit(bench.other)
    until(lambda: bench.reached("acted:3"))
    bench.machine.faults.arm({"kind": "fill-disk"})
    assert bench.settle(tx) == "undone"
    assert bench.machine.faults.disk_full
    bench.must_be(old)


def test_promise_2_a_broken_release_on_a_disk_that_stays_full(bench: Bench) -> None:
    """Undoing needs no space."""
    bench.recover()
    old = bench.version
    bench.machine.faults.arm({"kind": "fill-disk", "label": "acted:4"})
    tx = bench.submit(BROKEN)
    until(lambda: bench.outcome(tx))
    assert bench.outcome(tx) == "undone"
    assert bench.machine.faults.disk_full
    bench.must_be(old)


def test_a_service_that_is_new_is_left_registered_disabled_and_stopped(bench: Bench, tmp_path: Path) -> None:
    """The old state of a new service."""
    bench.recover()
    name, folder = "TradingSystem-New", r"C:\TradingSystem\releases\New\1.0.0-abc"
    image = bench.host.service(name, 5999, folder, faults={"unhealthy": True})
    identity = {"name": name, "image_path": image, "display_name": "", "description": "", "account": "LocalSystem"}
    bench.worker.apply({"id": "create", "verb": "service.create", "args": identity})
    stopping = {"ports": [{"address": bench.host.address, "port": 5999}], "on_timeout": "kill"}
    gate = bench.steps(BROKEN)[5]["args"]
    steps = [
        {"id": "start_type", "verb": "service.start_type", "args": {"name": name, "start": "auto"}},
        {"id": "start", "verb": "service.start", "args": {"name": name, **stopping}},
        {
            "id": "healthy",
            "verb": "service.healthy",
            "deadline_s": 0.5,
            "args": {**gate, "name": name, "folder": folder, "manifest_sha256": None},
        },
    ]
    tx = bench.submit(bench.other, steps=steps)
    until(lambda: bench.outcome(tx))
    assert bench.outcome(tx) == "undone"
    status = bench.kernel.service_status(name)
    values = bench.kernel.reg_get(rf"HKLM\SYSTEM\CurrentControlSet\Services\{name}") or {}
    assert status is not None
    assert (status["state"], values["Start"][1]) == ("Stopped", 4)
