"""Promise 2 on the built-in engine: whatever dies at whatever step, one revision runs, complete."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.kill.builtin_bench import BROKEN, HEALTHY, STEPS, Bench, until

EACH_STEP = [f"{when}:{i}" for i in range(STEPS) for when in ("before", "acted", "done")]
AROUND = [f"{when}:{i}" for i in range(STEPS) for when in ("before", "acted")]
EACH_UNDO = [f"{when}:{i}" for i in reversed(range(STEPS)) for when in ("undo", "undone")]
LONG_S = 70.0
"""Longer than any deadline of a step: what hangs is overdue by then."""


class Benches:
    """One machine for many cases; a case that failed costs the next one a new machine."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._made = folder, 0
        self._bench: Bench | None = None
        self.trusted = False

    def ready(self) -> Bench:
        """A machine where a revision runs."""
        if self._bench is not None and self.trusted:
            self._bench.recover()
        else:
            self.close()
            self._made += 1
            self._bench = Bench(self._folder / f"machine-{self._made}")
        self.trusted = False
        assert self._bench is not None
        return self._bench

    def close(self) -> None:
        """Ends the machine."""
        if self._bench is not None:
            self._bench.close()
            self._bench = None


@pytest.fixture(scope="module")
def benches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Benches]:
    """The machine of this module."""
    benches = Benches(tmp_path_factory.mktemp("kill"))
    yield benches
    benches.close()


@pytest.fixture
def bench(benches: Benches) -> Iterator[Bench]:
    """The machine, ready."""
    bench = benches.ready()
    yield bench
    benches.trusted = not bench.disagreements(bench.version)


def expected_after(label: str) -> str:
    """The outcome of a transaction whose executor dies at `label`."""
    return "committed" if label == "ended" else "undone"


def strike(bench: Bench, kind: str, label: str, version: str) -> str:
    """Submits a transaction, and lets the fault happen at `label`."""
    bench.machine.faults.arm({"kind": kind, "label": label})
    tx = bench.submit(version)
    until(lambda: bench.reached(label), what=label)
    return tx


@pytest.mark.parametrize("label", ["begun", *EACH_STEP, "ended"])
def test_promise_2_executor_killed(bench: Bench, label: str) -> None:
    old, new = bench.version, bench.other
    tx = strike(bench, "kill-executor", label, new)
    assert bench.settle(tx) == expected_after(label)
    bench.must_be(new if label == "ended" else old)


@pytest.mark.parametrize("label", EACH_UNDO)
def test_promise_2_executor_killed_while_undoing(bench: Bench, label: str) -> None:
    old = bench.version
    tx = strike(bench, "kill-executor", label, BROKEN)
    assert bench.settle(tx) == "undone"
    bench.must_be(old)


@pytest.mark.parametrize("label", ["begun", *AROUND])
def test_promise_2_worker_killed(bench: Bench, label: str) -> None:
    new = bench.other
    bench.machine.faults.arm({"kind": "kill-worker", "label": label})
    tx = bench.submit(new)
    until(lambda: bench.outcome(tx) == "committed", what=tx)
    assert bench.reached(label)
    assert bench.worker.process.wait(5) != 0
    bench.must_be(new)


@pytest.mark.parametrize("label", ["begun", *EACH_STEP, "ended"])
def test_promise_2_shell_deleted(bench: Bench, label: str) -> None:
    """The host goes on by itself, and nobody connects."""
    new = bench.other
    tx = strike(bench, "delete-shell", label, new)
    assert bench.worker.process.wait(5) != 0
    until(lambda: bench.outcome(tx) == "committed", what=tx)
    assert not bench.machine.processes.all("worker")
    bench.must_be(new)


@pytest.mark.parametrize("label", EACH_UNDO)
def test_promise_2_shell_deleted_while_undoing(bench: Bench, label: str) -> None:
    old = bench.version
    tx = strike(bench, "delete-shell", label, BROKEN)
    until(lambda: bench.outcome(tx) == "undone", what=tx)
    assert bench.worker.process.wait(5) != 0
    bench.must_be(old)


def test_promise_2_shell_deleted_before_the_task_was_started(bench: Bench) -> None:
    """The triggers are on: within its time the transaction is carried out, by nobody's asking."""
    new = bench.other
    tx = strike(bench, "delete-shell", "submit", new)
    assert bench.worker.process.wait(5) != 0
    assert bench.settle(tx) == "committed"
    bench.must_be(new)


def test_promise_2_worker_killed_before_the_task_was_started(bench: Bench) -> None:
    old = bench.version
    tx = strike(bench, "kill-worker", "submit", bench.other)
    assert bench.outcome(tx) == ""
    bench.host.clock.ahead_s += LONG_S
    assert bench.settle(tx) == "dropped"
    bench.must_be(old)


@pytest.mark.parametrize("label", ["submit", "begun", *AROUND, "ended"])
def test_promise_2_power_cut(bench: Bench, label: str) -> None:
    old, new = bench.version, bench.other
    tx = strike(bench, "power-off", label, new)
    until(lambda: not bench.machine.powered)
    bench.machine.power_on()
    # Nothing is brought forward: the start-up trigger does it.
    until(lambda: bench.outcome(tx), what=f"{tx}: {bench.records(tx)[-1:]}")
    assert bench.outcome(tx) == ("dropped" if label == "submit" else expected_after(label))
    bench.must_be(new if label == "ended" else old)


@pytest.mark.parametrize("label", EACH_UNDO)
def test_promise_2_power_cut_while_undoing(bench: Bench, label: str) -> None:
    old = bench.version
    tx = strike(bench, "power-off", label, BROKEN)
    until(lambda: not bench.machine.powered)
    bench.machine.power_on()
    until(lambda: bench.outcome(tx) == "undone", what=tx)
    bench.must_be(old)


@pytest.mark.parametrize("label", ["begun", *AROUND, f"done:{HEALTHY}", "undo:4", "undone:2"])
def test_promise_2_executor_hangs(bench: Bench, label: str) -> None:
    old = bench.version
    tx = strike(bench, "hang", label, BROKEN if label.startswith("undo") else bench.other)
    hanging = bench.machine.processes.all("executor")
    assert len(hanging) == 1
    bench.machine.schedule.fire()
    until(lambda: bench.machine.processes.all("executor") == hanging, what="the second instance has gone")
    assert bench.outcome(tx) == "", "one that is within its deadline is left alone"
    bench.host.clock.ahead_s += LONG_S
    bench.machine.schedule.fire()
    until(lambda: bench.outcome(tx) == "undone", what=f"{tx}: {bench.records(tx)[-1:]}")
    bench.must_be(old)


def _alone(kind: str, label: str, folder: Path, expected: str) -> None:
    """One case in which nothing is brought forward and nobody connects."""
    bench = Bench(folder)
    try:
        old = bench.version
        tx = strike(bench, kind, label, bench.other)
        if kind == "power-off":
            until(lambda: not bench.machine.powered)
            bench.machine.power_on()
        until(lambda: bench.outcome(tx), timeout_s=100, what=f"{kind}: {bench.records(tx)[-1:]}")
        assert bench.outcome(tx) == expected
        bench.must_be(bench.other if expected == "committed" else old)
    finally:
        bench.close()


@pytest.fixture(scope="module", autouse=True)
def real_time(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Callable[[], None]]]:
    """One case of each kind at the task's own pace; they wait while the others run."""
    folder = tmp_path_factory.mktemp("alone")
    cases = {
        "kill-executor": ("kill-executor", "acted:2", "undone"),
        "hang": ("hang", "before:4", "undone"),
        "power-off": ("power-off", "acted:3", "undone"),
        "kill-worker": ("kill-worker", "submit", "dropped"),
    }
    with ThreadPoolExecutor(len(cases)) as pool:
        futures = {
            name: pool.submit(_alone, kind, label, folder / name, expected)
            for name, (kind, label, expected) in cases.items()
        }
        yield {name: future.result for name, future in futures.items()}


@pytest.mark.parametrize("kind", ["kill-executor", "hang", "power-off", "kill-worker"])
def test_promise_2_by_the_task_alone(real_time: dict[str, Callable[[], None]], kind: str) -> None:
    real_time[kind]()
