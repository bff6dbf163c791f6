"""The driver over targets that fail in every way: the run ends in order, and says so."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from deploy.execution.driver import Driver
from deploy.execution.happening import Rechecked, Verified
from deploy.execution.jobs import Jobs
from deploy.execution.state import Summary
from deploy.execution.target import (
    Holder,
    Records,
    StepResult,
    Target,
    TargetLost,
    TargetRefused,
    Traffic,
    TransactionEnd,
)
from deploy.execution.teller import Teller
from deploy.model.facts import Snapshot
from deploy.model.plan import HostPlan, HostWave, Wave
from deploy.model.problem import Problem
from deploy.model.run import Event, Outcome
from deploy.model.step import Step
from tests.unit.execution.test_machine import HOSTS, plan

GONE = Problem("unreachable", "b", "no answer")


class FixedClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 24, 21, 10, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0


class ScriptedTarget:
    """Does what it is told; `breaking`: operation → what it raises. Remembers what it was asked, and by whom."""

    def __init__(self, host: str, breaking: dict[str, BaseException]) -> None:
        self.host, self.traffic = host, Traffic()
        self._breaking = breaking
        self.asked: list[str] = []
        self.threads: set[str] = set()

    def _did(self, operation: str) -> None:
        self.asked.append(operation)
        self.threads.add(threading.current_thread().name)
        if operation in self._breaking:
            raise self._breaking[operation]

    def phase(self, name: str) -> None:
        pass

    def facts(self, *, deep: bool = False) -> Snapshot:
        raise AssertionError("the driver asks no facts itself")

    def lock(self, holder: Holder, epoch: int) -> int:
        self._did("lock")
        return epoch

    def unlock(self) -> None:
        self._did("unlock")

    def heartbeat(self) -> None:
        self._did("heartbeat")

    def apply(self, steps: tuple[Step, ...], *, dry: bool = False) -> tuple[StepResult, ...]:
        self._did("apply")
        return ()

    def transact(self, tx: str, steps: tuple[Step, ...], progress: Callable[[Records], None]) -> TransactionEnd:
        self._did("transact")
        progress(({"t": "doing", "i": 0, "at": "2026-11-24T21:10:00.000Z"},))
        return TransactionEnd(tx, "committed", ())

    def close(self) -> None:
        raise AssertionError("the driver closes nothing")


class Around:
    """All is well, but for `breaking`."""

    def __init__(self, breaking: dict[str, BaseException]) -> None:
        self._breaking = breaking

    def _did(self, operation: str) -> None:
        if operation in self._breaking:
            raise self._breaking[operation]

    def recheck(self) -> Rechecked:
        self._did("recheck")
        return Rechecked("h")

    def stage(self, hosts: tuple[HostPlan, ...]) -> dict[str, Problem | None]:
        self._did("stage")
        return {host.host: None for host in hosts}

    def may_begin(self) -> tuple[Problem, ...]:
        self._did("may_begin")
        return ()

    def way_back(self, committed: tuple[HostWave, ...]) -> tuple[tuple[Wave, ...], tuple[Problem, ...]]:
        self._did("way_back")
        return tuple(Wave(n, (), "", ((item,),)) for n, item in enumerate(reversed(committed))), ()

    def verify(self, hosts: tuple[str, ...], new: frozenset[tuple[str, str]]) -> Verified:
        self._did("verify")
        return Verified()


def drive(
    broken_target: dict[str, BaseException] | None = None, broken_around: dict[str, BaseException] | None = None
) -> tuple[Summary, dict[str, ScriptedTarget], list[Event]]:
    """Runs the plan; host `b` breaks as told."""
    targets = {host: ScriptedTarget(host, (broken_target or {}) if host == "b" else {}) for host in HOSTS}
    typed: dict[str, Target] = dict(targets)
    events: list[Event] = []
    teller = Teller("run-1", FixedClock(), events.append)
    jobs = Jobs(typed, Around(broken_around or {}), Holder("run-1", "me", "deploy", "now"), "dev", teller)
    return Driver(plan(), HOSTS, jobs, teller, 2).run(), targets, events


def test_each_host_is_used_by_one_thread_only() -> None:
    summary, targets, events = drive()
    assert summary.outcome is Outcome.COMMITTED
    assert all(len(target.threads) == 1 for target in targets.values())
    assert targets["a"].asked == ["lock", "transact", "transact", "apply", "unlock"]
    assert [event.step for event in events if event.event == "progress"] == ["s"] * 5


@pytest.mark.parametrize(
    ("operation", "exc", "outcome"),
    [
        ("lock", TargetRefused("b", GONE), Outcome.REFUSED),
        ("lock", TargetLost("b", GONE), Outcome.REFUSED),
        ("transact", TargetLost("b", GONE), Outcome.UNKNOWN),
        ("transact", TargetRefused("b", GONE), Outcome.UNDONE),
        ("apply", TargetLost("b", GONE), Outcome.PARTIAL),
        ("unlock", TargetLost("b", GONE), Outcome.COMMITTED),
        ("lock", KeyError("x"), Outcome.REFUSED),
        ("transact", KeyError("x"), Outcome.UNKNOWN),
        ("apply", KeyError("x"), Outcome.PARTIAL),
        ("unlock", KeyError("x"), Outcome.COMMITTED),
    ],
)
def test_whatever_a_host_does_every_lock_that_was_granted_is_given_back(
    operation: str, exc: BaseException, outcome: Outcome
) -> None:
    summary, targets, _ = drive({operation: exc})
    assert summary.outcome is outcome
    for host, target in targets.items():
        granted = not (host == "b" and operation == "lock")
        assert ("unlock" in target.asked) is granted


@pytest.mark.parametrize(
    ("operation", "outcome"),
    [
        ("recheck", Outcome.REFUSED),
        ("stage", Outcome.UNDONE),
        ("may_begin", Outcome.REFUSED),
        ("verify", Outcome.UNKNOWN),
    ],
)
def test_a_defect_ends_the_run_in_order_and_is_named(operation: str, outcome: Outcome) -> None:
    summary, targets, _ = drive(broken_around={operation: ZeroDivisionError("here")})
    assert summary.outcome is outcome
    assert [problem.code for problem in summary.problems] == ["defect"] * (3 if operation == "stage" else 1)
    assert "ZeroDivisionError: here" in summary.problems[0].what
    assert all(target.asked[-1] == "unlock" for target in targets.values())


def test_a_defect_while_planning_the_way_back_needs_a_human() -> None:
    summary, _, _ = drive({"transact": TargetRefused("b", GONE)}, {"way_back": ZeroDivisionError("here")})
    assert summary.outcome is Outcome.STUCK
