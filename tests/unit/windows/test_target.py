"""WindowsTarget against a scripted host half over real WS-Man."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.execution.target import Holder, Records, Target, TargetLost, TargetRefused
from deploy.model.facts import HostFacts, Unknown
from deploy.model.step import Blob, Step
from deploy.windows.heartbeat import kept_alive
from deploy.windows.target import WindowsTarget
from deploy.wire.errors import WireError
from tests.unit.windows.host_half import HostHalf
from tests.unit.winrm.scripted_host import ScriptedHost

HOLDER = Holder("run-1", "ann@desk", "deploy", "2026-11-24T18:00:00Z")
STEP = Step("stop-Svc", "service.stop", {"name": "Svc"}, "why", "Svc", {"exists": True}, 1.0)


def put(content: bytes | Path) -> Step:
    return Step("put", "file.put", {"path": "p", "data": Blob("digest", content)}, "why")


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        threading.Event().wait(0.01)


def nothing(_records: Records) -> None:
    return None


def test_it_is_a_target(target: WindowsTarget) -> None:
    proof: Target = target
    assert proof.host == "web01"


def test_facts_in_nine_requests_once_and_again_after_a_change(half: HostHalf, target: WindowsTarget) -> None:
    facts = target.facts()
    assert isinstance(facts, HostFacts)
    assert target.traffic.requests["plan"] <= 9
    assert target.facts() is facts
    assert half.asked("facts")[0].streams == [b"digest-key"]
    target.lock(HOLDER, 0)
    target.facts()
    target.apply((STEP,), dry=False)
    target.facts()
    target.facts(deep=True)
    assert len(half.asked("facts")) == 4


def test_facts_of_a_host_that_is_not_there_are_unknown(host: ScriptedHost, target: WindowsTarget) -> None:
    host.close()
    facts = target.facts()
    assert isinstance(facts, Unknown)
    assert facts.problem.code == "unreachable"


def test_facts_that_failed_are_not_kept(half: HostHalf, target: WindowsTarget) -> None:
    half.fail["facts"] = WireError("access-denied", "no")
    assert isinstance(target.facts(), Unknown)
    half.fail.clear()
    assert isinstance(target.facts(), HostFacts)


def test_secrets_are_asked_about_only_with_a_key(half: HostHalf, target: WindowsTarget) -> None:
    target.expect(lambda deep: {"secrets": [1], "deep": deep})
    target.facts()
    assert half.asked("facts")[0].args["secrets"] == []
    assert half.asked("facts")[0].streams == []


def test_lock_is_taken_carried_and_given_back(half: HostHalf, target: WindowsTarget) -> None:
    assert target.lock(HOLDER, 7) == 7
    target.apply((put(b"content"),))
    assert (half.asked("apply")[0].run, half.asked("apply")[0].epoch) == ("run-1", 7)
    assert half.blobs == [b"content"]
    target.unlock()
    target.unlock()
    assert half.record is not None
    assert half.record["run"] is None
    assert len(half.asked("lock.release")) == 1


def test_nothing_is_changed_without_the_lock(half: HostHalf, target: WindowsTarget) -> None:
    with pytest.raises(TargetRefused, match="run lock"):
        target.apply((STEP,))
    assert not half.worker.asked


def test_locked_names_the_holder(half: HostHalf, target: WindowsTarget) -> None:
    record = {"run": "run-0", "who": "bob@desk", "kind": "deploy", "since": "noon"}
    half.fail["lock.acquire"] = WireError("locked", "taken", actual=record)
    with pytest.raises(TargetRefused, match="bob@desk: deploy run-0 since noon") as caught:
        target.lock(HOLDER, 0)
    assert caught.value.problem.code == "locked"
    assert not target.holds_lock


def test_transaction_is_submitted_and_followed_in_four_requests(half: HostHalf, target: WindowsTarget) -> None:
    target.lock(HOLDER, 0)
    target.phase("cutover")
    half.hold_transactions = True
    half.release.set()
    told: list[Any] = []
    end = target.transact("tx-1", (STEP, put(b"x")), told.extend)
    assert (end.outcome, end.tx) == ("committed", "tx-1")
    assert [record["t"] for record in end.records] == ["submitted", "begun", "ended"]
    assert [record["t"] for record in told] == ["submitted", "begun", "ended"]
    assert target.traffic.requests["cutover"] <= 4
    steps = half.asked("tx.submit")[0].args["steps"]
    assert steps[0]["expect"] == {"exists": True}
    assert steps[1]["args"]["data"] == {"data": 0}


@pytest.mark.parametrize("label", ["before:Send", "after:Send"])
def test_lost_while_submitting_is_found_out_and_never_submitted_twice(
    half: HostHalf, host: ScriptedHost, target: WindowsTarget, label: str
) -> None:
    target.lock(HOLDER, 0)
    host.wsman.injection.arm("drop-connection", label)
    end = target.transact("tx-1", (STEP,), nothing)
    submitted = len(half.asked("tx.submit"))
    assert submitted == (0 if label.startswith("before") else submitted)
    assert submitted <= 1
    assert end.outcome == ("committed" if submitted else "dropped")


def test_worker_that_dies_while_following_is_followed_up(
    half: HostHalf, host: ScriptedHost, target: WindowsTarget
) -> None:
    target.lock(HOLDER, 0)
    half.hold_transactions = True
    told: list[Any] = []

    def progress(records: Records) -> None:
        if not told:
            host.wsman.operations.shells.delete_all()
            half.release.set()
        told.extend(records)

    end = target.transact("tx-1", (STEP,), progress)
    assert end.outcome == "committed"
    assert [record["t"] for record in end.records] == ["submitted", "begun", "ended"]
    assert half.asked("tx.follow")[0].args["after"] == 2
    assert len(half.asked("tx.submit")) == 1
    target.apply((STEP,))
    assert half.record is not None
    assert half.record["epoch"] == 2


def test_lock_that_another_run_had_meanwhile_is_not_taken_back(
    half: HostHalf, host: ScriptedHost, target: WindowsTarget
) -> None:
    target.lock(HOLDER, 0)
    host.wsman.operations.shells.delete_all()
    half.record = {"run": "run-2", "epoch": 2}
    with pytest.raises(TargetLost):
        target.apply((STEP,))
    with pytest.raises(TargetRefused) as caught:
        target.apply((STEP,))
    assert caught.value.problem.code == "not-holder"
    assert not half.applied


def test_refused_step_says_where_and_what_next(half: HostHalf, target: WindowsTarget) -> None:
    target.lock(HOLDER, 0)
    half.fail["apply"] = WireError("unexpected-state", "image path differs", "stop-Svc", "a", "b")
    with pytest.raises(TargetRefused) as caught:
        target.apply((STEP,))
    problem = caught.value.problem
    assert (problem.code, problem.where, problem.expected) == ("unexpected-state", "web01: stop-Svc", "a")
    assert problem.what == "image path differs (found: b)"
    assert problem.next.startswith("the host is not as it was")


def test_dead_host_is_lost(host: ScriptedHost, target: WindowsTarget) -> None:
    target.lock(HOLDER, 0)
    host.close()
    with pytest.raises(TargetLost) as caught:
        target.apply((STEP,))
    assert caught.value.problem.next


def test_heartbeat_reaches_the_worker(half: HostHalf, target: WindowsTarget) -> None:
    target.heartbeat()
    assert not half.worker.starts
    target.lock(HOLDER, 0)
    target.heartbeat()
    target.facts()
    assert half.worker.heartbeats == 1


def test_idle_targets_are_kept_alive_and_busy_ones_left_alone(half: HostHalf, target: WindowsTarget) -> None:
    target.lock(HOLDER, 0)
    half.hold_transactions = True
    with kept_alive(target, interval_s=0.01):
        wait_until(lambda: half.worker.heartbeats > 2)
        begun = threading.Event()
        thread = threading.Thread(target=lambda: target.transact("tx-1", (STEP,), lambda _records: begun.set()))
        thread.start()
        assert begun.wait(10)
        half.release.set()
        thread.join(10)
    assert half.outcomes == {}
    assert len(half.asked("tx.submit")) == 1


def test_files_and_probes(half: HostHalf, target: WindowsTarget) -> None:
    half.files["a"] = b"\x00\xff" * 5000
    assert target.read_file("a", 100_000) == half.files["a"]
    assert target.probe({"kind": "process"})["ok"] is True
    with pytest.raises(TargetRefused, match="no such file"):
        target.read_file("b", 1)


def test_close_leaves_nothing(host: ScriptedHost, make_target: Callable[[], WindowsTarget]) -> None:
    target = make_target()
    target.lock(HOLDER, 0)
    target.close()
    assert host.wsman.operations.shells.count() == 0
