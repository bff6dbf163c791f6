"""What a run makes of lost connections: nothing is guessed, nobody is locked out, nobody waits for long."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from deploy.execution.target import Records, TargetLost, TargetRefused
from deploy.windows import own_run, worker
from deploy.windows.target import WindowsTarget
from deploy.wire.errors import WireError
from tests.unit.windows.conftest import Clock
from tests.unit.windows.host_half import HostHalf
from tests.unit.windows.test_target import HOLDER, STEP, nothing, wait_until
from tests.unit.winrm.scripted_host import Died, ScriptedHost, Speaker

BEFORE = ("exists", "transaction-open", "not-holder", "bad-request", "unexpected-state", "locked", "unsupported")
AFTER = ("internal", "disk-full", "access-denied", "missing", "timeout", "a-newer-code")


@pytest.mark.parametrize("code", BEFORE)
def test_an_error_before_submission_is_a_refusal(half: HostHalf, target: WindowsTarget, code: str) -> None:
    target.lock(HOLDER, 0)
    half.fail["tx.submit"] = WireError(code, "no")
    with pytest.raises(TargetRefused) as caught:
        target.transact("tx-1", (STEP,), nothing)
    assert caught.value.problem.code == code
    assert not half.asked("tx.follow")


@pytest.mark.parametrize("code", AFTER)
def test_after_any_other_error_the_journal_tells(half: HostHalf, target: WindowsTarget, code: str) -> None:
    target.lock(HOLDER, 0)
    half.fail_submitted = WireError(code, "the task did not start")
    half.outcomes["tx-1"] = "undone"
    assert target.transact("tx-1", (STEP,), nothing).outcome == "undone"


@pytest.mark.parametrize("code", AFTER)
def test_an_error_is_a_refusal_too_once_the_host_has_no_journal(
    half: HostHalf, target: WindowsTarget, code: str
) -> None:
    target.lock(HOLDER, 0)
    half.fail["tx.submit"] = WireError(code, "no room for its data")
    with pytest.raises(TargetRefused, match="no room") as caught:
        target.transact("tx-1", (STEP,), nothing)
    assert caught.value.problem.code == code
    assert len(half.asked("tx.follow")) == 1


def test_errors_on_the_way_to_the_end_are_never_a_refusal(half: HostHalf, target: WindowsTarget, clock: Clock) -> None:
    target.lock(HOLDER, 0)
    half.fail_submitted = WireError("internal", "a defect")
    half.fail["tx.follow"] = WireError("access-denied", "the journal can't be read")
    with pytest.raises(TargetLost, match="can't be read"):
        target.transact("tx-1", (STEP,), nothing)
    assert 80 < clock.now_s < 100


def test_a_worker_that_submits_while_it_dies_is_waited_for(
    half: HostHalf, host: ScriptedHost, target: WindowsTarget, clock: Clock
) -> None:
    target.lock(HOLDER, 0)
    (old,) = half.worker.alive
    half.submitting.clear()
    host.wsman.injection.arm("drop-connection", "after:Send")

    def dies_late() -> None:
        # Its shell is deleted, and Windows takes a moment: what it was at it still does.
        if len(clock.slept) == 3:
            half.submitting.set()
            wait_until(lambda: old not in half.worker.alive)

    clock.on_sleep = dies_late
    end = target.transact("tx-1", (STEP,), nothing)
    assert len(half.asked("tx.submit")) == 1
    assert end.outcome == "committed"


def test_a_live_transaction_in_the_way_of_the_lock_proves_the_old_worker_dead(
    half: HostHalf, host: ScriptedHost, target: WindowsTarget
) -> None:
    target.lock(HOLDER, 0)
    half.fail["lock.acquire"] = WireError("transaction-open", "tx-1 is being carried out")
    host.wsman.injection.arm("drop-connection", "before:Send")
    assert target.transact("tx-1", (STEP,), nothing).outcome == "dropped"


def test_a_locked_host_proves_nothing_about_what_is_missing(
    half: HostHalf, host: ScriptedHost, target: WindowsTarget
) -> None:
    target.lock(HOLDER, 0)
    half.fail["lock.acquire"] = WireError("locked", "taken", actual=half.record)
    host.wsman.injection.arm("drop-connection", "before:Send")
    with pytest.raises(TargetLost):
        target.transact("tx-1", (STEP,), nothing)


def signs_then_death(clock: Clock) -> Callable[[Speaker], Any]:
    def act(speaker: Speaker) -> Any:
        clock.now_s += 60
        speaker.progress(tx="tx-1", records=[])
        raise Died("connection reset")

    return act


def goes_on(clock: Clock) -> Callable[[Speaker], Any]:
    def act(_speaker: Speaker) -> Any:
        clock.now_s += 60
        return {"records": [], "outcome": None, "executor_alive": True}

    return act


@pytest.mark.parametrize("kind", [signs_then_death, goes_on])
def test_patience_counts_silence_only(half: HostHalf, target: WindowsTarget, clock: Clock, kind: Any) -> None:
    target.lock(HOLDER, 0)
    half.hold_transactions = True
    half.during_follow = [kind(clock)] * 4

    def progress(_records: Records) -> None:
        # The submitting worker dies within the transaction.
        half.fail_submitted = Died("connection reset")
        half.release.set()

    assert target.transact("tx-1", (STEP,), progress).outcome == "committed"
    assert len(half.asked("tx.follow")) == 5


@pytest.mark.parametrize("when", ["before:Send", "after:Send"])
def test_one_lost_request_does_not_lock_a_run_out(
    half: HostHalf, host: ScriptedHost, target: WindowsTarget, when: str
) -> None:
    target.lock(HOLDER, 0)
    host.wsman.injection.arm("drop-connection", when)
    with pytest.raises(TargetLost):
        target.apply((STEP,))
    assert len(half.worker.alive) == 1
    target.apply((STEP,))
    assert half.record is not None
    assert (half.record["run"], half.record["epoch"]) == ("run-1", 2)
    assert host.wsman.operations.shells.count() == 1


def test_every_lost_shell_is_deleted(half: HostHalf, host: ScriptedHost, target: WindowsTarget) -> None:
    target.lock(HOLDER, 0)
    for _ in range(2):
        host.wsman.injection.arm("drop-connection", "before:Send")
        with pytest.raises(TargetLost):
            target.path("x")
    target.apply((STEP,))
    assert host.wsman.operations.shells.count() == 1
    assert half.holder in half.worker.alive


def test_a_lost_answer_to_taking_the_lock_again_is_no_other_run(
    half: HostHalf, host: ScriptedHost, target: WindowsTarget
) -> None:
    target.lock(HOLDER, 0)
    host.wsman.operations.shells.delete_all()
    plain = half.worker.verbs["lock.acquire"]

    def lost(asked: Any, speaker: Speaker) -> Any:
        plain(asked, speaker)
        half.worker.verbs["lock.acquire"] = plain
        raise Died("connection reset")

    half.worker.verbs["lock.acquire"] = lost
    for _ in range(2):
        with pytest.raises(TargetLost):
            target.apply((STEP,))
    target.apply((STEP,))
    assert half.record is not None
    assert half.record["epoch"] == 3


@pytest.mark.parametrize("when", ["before:Send", "after:Send"])
def test_a_lost_heartbeat_costs_nothing(half: HostHalf, host: ScriptedHost, target: WindowsTarget, when: str) -> None:
    target.lock(HOLDER, 0)
    host.wsman.injection.arm("drop-connection", when)
    with pytest.raises(TargetLost):
        target.heartbeat()
    target.apply((STEP,))
    assert half.worker.starts == 1


def test_a_run_by_hand_keeps_its_own_worker_alive(
    half: HostHalf, target: WindowsTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_run, "INTERVAL_S", 0.01)
    by_hand = own_run.OwnRun()
    by_hand.begin(target)
    wait_until(lambda: half.worker.heartbeats > 2)
    by_hand.end()
    assert half.record is not None
    assert half.record["run"] is None


def test_heartbeats_are_not_repeated(host: ScriptedHost, target: WindowsTarget, clock: Clock) -> None:
    target.lock(HOLDER, 0)
    host.close()
    for _ in range(2):
        with pytest.raises(TargetLost):
            target.heartbeat()
    assert not clock.slept


def test_giving_back_a_lost_lock_deletes_the_old_shell(
    half: HostHalf, host: ScriptedHost, target: WindowsTarget
) -> None:
    target.lock(HOLDER, 0)
    host.wsman.injection.arm("drop-connection", "before:Send")
    with pytest.raises(TargetLost):
        target.apply((STEP,))
    target.unlock()
    wait_until(lambda: not half.worker.alive)


def test_leaving_a_lost_host_repeats_nothing(host: ScriptedHost, target: WindowsTarget, clock: Clock) -> None:
    target.lock(HOLDER, 0)
    host.close()
    with pytest.raises(TargetLost):
        target.unlock()
    target.close()
    assert not clock.slept


def test_leaving_does_not_wait_for_what_is_at_work(
    half: HostHalf, target: WindowsTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "CLOSE_WAIT_S", 0.05)
    target.lock(HOLDER, 0)
    half.submitting.clear()
    thread = threading.Thread(target=lambda: target.transact("tx-1", (STEP,), nothing))
    thread.start()
    wait_until(lambda: bool(half.asked("tx.submit")))
    begun = time.monotonic()
    target.close()
    assert time.monotonic() - begun < 2
    half.submitting.set()
    thread.join(10)


def test_a_request_that_waited_for_a_failing_one_has_the_lock(
    half: HostHalf, host: ScriptedHost, target: WindowsTarget
) -> None:
    """What was seen of the worker before the wait is no longer true after it."""
    target.lock(HOLDER, 0)
    asking, may_die = threading.Event(), threading.Event()

    def dies(_asked: Any, _speaker: Speaker) -> Any:
        asking.set()
        may_die.wait(10)
        raise Died("connection reset")

    half.worker.verbs["facts"] = dies
    failures: list[Exception] = []

    def apply() -> None:
        try:
            target.apply((STEP,))
        except TargetRefused as exc:
            failures.append(exc)

    def look() -> None:
        with pytest.raises(TargetLost):
            target.path("x")

    first = threading.Thread(target=look)
    first.start()
    assert asking.wait(10)
    second = threading.Thread(target=apply)
    second.start()
    may_die.set()
    first.join(10)
    second.join(10)
    assert not failures
    assert half.applied
