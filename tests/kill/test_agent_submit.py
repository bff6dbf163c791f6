"""Submitting and following through a worker, with the executor beside it, and either of them killed."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.agent.engine import Host, Worker, await_that, engine

TX = "t1"


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[Host]:
    host = Host(tmp_path / "root").install()
    host.set_world("a", "old-a")
    yield host
    host.close()


def step(name: str, **args: Any) -> dict[str, Any]:
    return {
        "id": f"set-{name}",
        "verb": "value.set",
        "args": {"name": name, "value": f"new-{name}", **args},
        "expect": None,
        "deadline_s": 30,
    }


def put(path: Path) -> dict[str, Any]:
    return {
        "id": "put",
        "verb": "file.put",
        "args": {"path": str(path), "data": {"data": 0}},
        "expect": None,
        "deadline_s": 30,
    }


def submission(*steps: dict[str, Any], follow: bool = True) -> dict[str, Any]:
    return {"tx": TX, "steps": list(steps), "await_s": 60, "follow": follow}


def started(host: Host) -> bool:
    return "start" in (host.world("task.log") or "")


def submit(host: Host, worker: Worker, args: dict[str, Any], *streams: bytes) -> int:
    """Sends a submission; gives its seq once the task was started."""
    seq = worker.ask("tx.submit", args, *streams)
    await_that(lambda: started(host), "the start of the task")
    return seq


def test_a_submitted_transaction_is_followed_to_its_end(ready: Host, tmp_path: Path) -> None:
    worker = ready.work()
    worker.lock()
    content = b"release" * 100_000
    seq = submit(ready, worker, submission(step("a"), put(tmp_path / "f")), content)
    assert (ready.world("task.log") or "").startswith("enable\nstart\n")
    entry = ready.root / "infrastructure/agent/executor.ps1"
    ready.popen("-File", str(entry), "-Agent", ready.agent)
    result = worker.answer(seq)["result"]
    assert result["outcome"] == "committed"
    assert [record["t"] for record in result["records"]] == ["submitted", "begun", *["doing", "done"] * 2, "ended"]
    assert result["records"][0]["steps"][1]["args"]["data"] == {"file": "data-0"}
    assert result["records"] == list(ready.journal(TX).records)
    assert (tmp_path / "f").read_bytes() == content
    assert worker.call("tx.read", {"tx": TX, "after": 6}, run=None)["records"] == result["records"][6:]
    assert worker.refusal("tx.submit", submission(step("a")))["code"] == "exists"


def test_progress_comes_after_a_while_and_a_cancel_by_another_worker_is_heard(ready: Host) -> None:
    worker = ready.work()
    worker.lock()
    seq = submit(ready, worker, submission(step("a"), {**step("b", hang=True), "deadline_s": 600}))
    executor = ready.start_executor()
    frame = worker.next()
    progress = frame.json()
    assert (frame.kind, frame.seq, progress["event"], progress["tx"]) == ("E", seq, "progress", TX)
    assert progress["records"][0]["t"] == "submitted"
    await_that(lambda: "hang b" in ready.effects(), "the step that hangs")
    other = ready.work()
    fact = other.call("facts", {}, run=None)["transactions"]["value"][0]
    assert (fact["tx"], fact["state"], fact["step"], fact["executor_alive"]) == (TX, "running", "set-b", True)
    assert other.refusal("tx.cancel", {"tx": TX}, run="stranger")["code"] == "not-holder"
    assert other.call("tx.cancel", {"tx": TX}) == {}
    executor.kill()
    ready.settle()
    result = worker.answer(seq)["result"]
    assert result["outcome"] == "undone"
    assert ready.world("a") == "old-a"


@pytest.mark.parametrize(("point", "left"), [("submit", None), ("submitted", "submitted")])
def test_promise_2_a_worker_killed_while_submitting(ready: Host, point: str, left: str | None) -> None:
    """Before the journal nothing was submitted; behind it, whoever takes the lock drops what never began."""
    worker = ready.work(kill_at=point)
    worker.lock()
    worker.ask("tx.submit", submission(step("a"), put(ready.root / "f")), b"content")
    assert worker.process.wait(30) == -9
    assert ready.journal_path(TX).exists() == (left is not None)
    again = ready.work()
    again.lock(epoch=2)
    if left is not None:
        assert ready.journal(TX).state == "dropped"
        assert ready.journal(TX).records[-1]["error"]["code"] == "timeout"
    args = {**submission(step("a"), put(ready.root / "f"), follow=False), "tx": "t2"}
    again.call("tx.submit", args, b"content", epoch=2)
    ready.settle()
    assert ready.journal("t2").state == "committed"
    assert (ready.world("a"), (ready.root / "f").read_bytes()) == ("new-a", b"content")


def test_a_worker_killed_while_following_leaves_the_transaction_to_the_host(ready: Host) -> None:
    worker = ready.work()
    worker.lock()
    submit(ready, worker, submission(step("a")))
    worker.process.kill()
    ready.settle()
    resumed = ready.work()
    resumed.lock("r2")
    result = resumed.call("tx.follow", {"tx": TX, "after": 0}, run="r2", epoch=2)
    assert (result["outcome"], result["executor_alive"]) == ("committed", False)


def test_a_task_that_does_not_start_drops_the_transaction(ready: Host) -> None:
    worker = ready.work(TEST_TASK_REFUSES="yes")
    worker.lock()
    assert worker.refusal("tx.submit", submission(step("a")))["code"] == "access-denied"
    ready.settle()
    assert ready.journal(TX).state == "dropped"
    assert ready.effects() == []


def test_the_lock_is_not_given_while_an_executor_is_at_work(ready: Host) -> None:
    ready.write_journal(TX, ready.submitted(TX, [{**step("b", hang=True), "deadline_s": 600}]))
    executor = ready.start_executor()
    await_that(lambda: "hang b" in ready.effects(), "the step that hangs")
    worker = ready.work()
    wanted = {"run": "r1", "who": "x", "kind": "deploy", "since": "now", "epoch": 1}
    error = worker.refusal("lock.acquire", wanted)
    assert (error["code"], error["actual"]["step"]) == ("transaction-open", "set-b")
    executor.kill()
    executor.wait()
    assert worker.lock()["epoch"] == 2
    stuck = worker.call("facts", {})["transactions"]["value"][0]
    assert (stuck["state"], stuck["executor_alive"]) == ("running", False)


def test_a_stuck_and_an_unreadable_transaction_answer_at_once(ready: Host) -> None:
    ready.write_journal(TX, ready.submitted(TX, [step("a", fail="still-running")]))
    ready.settle()
    ready.write_journal("t2", ready.submitted("t2", []), ready.submitted("t2", []))
    path = ready.journal_path("t2")
    path.write_bytes(path.read_bytes().replace(b"t2", b"t3", 1))
    worker = ready.work()
    worker.lock()
    start = time.monotonic()
    assert worker.call("tx.follow", {"tx": TX, "after": 0})["outcome"] == "stuck"
    assert worker.call("tx.follow", {"tx": "t2", "after": 0})["outcome"] == "unreadable"
    assert time.monotonic() - start < 5
    facts = {fact["tx"]: fact for fact in worker.call("facts", {})["transactions"]["value"]}
    assert (facts[TX]["state"], facts[TX]["error"]["code"]) == ("stuck", "still-running")
    assert facts["t2"]["state"] == "unreadable"
    assert worker.refusal("tx.read", {"tx": "none", "after": 0})["code"] == "missing"
    assert worker.refusal("tx.read", {"tx": "../t1", "after": 0})["code"] == "bad-request"


def by_hand(host: Host, command: str) -> str:
    script = f"Import-Module -Name '{host.module}'; {command}"
    arguments = [engine(), "-NoProfile", "-Command", script]
    done = subprocess.run(arguments, capture_output=True, check=True, timeout=30)
    return done.stdout.decode()


def test_a_person_can_look_and_settle_by_hand(ready: Host) -> None:
    ready.write_journal(TX, ready.submitted(TX, [step("a"), step("b")]))
    assert ready.settle(kill_at="acted:0") == -9
    shown = by_hand(
        ready, f"Get-OpenTransaction -Root '{ready.root}' | ForEach-Object {{ \"$($_.Tx) $($_.State) $($_.Step)\" }}"
    )
    assert shown.strip() == f"{TX} running set-a"
    by_hand(ready, f"Invoke-Settling -Root '{ready.root}' -WhatIf")
    assert ready.journal(TX).state == "running"
    assert by_hand(ready, f"(Invoke-Settling -Root '{ready.root}').State").strip() == "undone"
    assert (ready.journal(TX).state, ready.world("a")) == ("undone", "old-a")
    assert "undone" in by_hand(ready, f"(Get-TransactionRecord -Tx {TX} -Root '{ready.root}')[-1].Detail")


def test_a_person_can_close_an_unreadable_one(ready: Host) -> None:
    ready.write_journal(TX, ready.submitted(TX, []), ready.submitted(TX, []))
    path = ready.journal_path(TX)
    path.write_bytes(path.read_bytes().replace(b"t1", b"t0", 1))
    by_hand(ready, f"Close-UnreadableTransaction -Tx {TX} -Root '{ready.root}' -Confirm:$false")
    assert not path.exists()
    assert path.with_name(f"{TX}.journal.damaged").exists()


def test_following_what_nobody_may_begin_any_more_ends(ready: Host) -> None:
    """No executor ever came: the worker itself drops it, and is free again."""
    worker = ready.work()
    worker.lock()
    seq = submit(ready, worker, {**submission(step("a")), "await_s": 0.5})
    result = worker.answer(seq)["result"]
    assert (result["outcome"], result["records"][-1]["error"]["code"]) == ("dropped", "timeout")
    ready.settle()
    assert ready.effects() == []


def test_a_submission_is_never_left_with_its_task_off(ready: Host) -> None:
    """An executor that is just ending can't switch the task off between the submission's enabling and its journal."""
    worker = ready.work(kill_at="submitted", TEST_SLOW_AT="submit")
    worker.lock()
    worker.ask("tx.submit", submission(step("a")))
    await_that(lambda: ready.world("task.log") == "enable\n", "the triggers")
    ready.settle()
    assert worker.process.wait(30) == -9
    assert ready.journal(TX).state == "submitted"
    assert (ready.world("task.log") or "").splitlines()[-1] == "enable"


def test_a_submission_behind_an_executor_that_ends_waits_for_it(ready: Host) -> None:
    ending = ready.start_executor(TEST_SLOW_AT="disabled")
    await_that(lambda: ready.world("task.log") == "disable\n", "the executor's end")
    worker = ready.work()
    worker.lock()
    assert worker.call("tx.submit", submission(step("a"), follow=False))["outcome"] is None
    assert ending.wait(30) == 0
    assert (ready.world("task.log") or "").splitlines() == ["disable", "enable", "start"]


def test_taking_the_lock_has_what_was_begun_settled(ready: Host) -> None:
    ready.write_journal(TX, ready.submitted(TX, [step("a"), step("b")]))
    assert ready.settle(kill_at="acted:0") == -9
    worker = ready.work()
    worker.lock("r2")
    assert (ready.world("task.log") or "").splitlines() == ["enable", "start"]
    assert ready.journal(TX).state == "running"


def test_a_lock_that_could_not_be_taken_is_free_again(ready: Host) -> None:
    worker = ready.work()
    path = ready.root / "state/lock.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{")
    wanted = {"run": "r1", "who": "x", "kind": "deploy", "since": "now", "epoch": 1}
    refused = worker.refusal("lock.acquire", wanted)
    assert (refused["code"], refused["where"]) == ("unexpected-state", str(path))
    assert path.read_text() == "{"
    path.unlink()
    path.mkdir()
    (path / "in the way").touch()
    assert worker.refusal("lock.acquire", wanted)["code"] in {"access-denied", "internal", "exists"}
    (path / "in the way").unlink()
    path.rmdir()
    assert ready.work().lock()["epoch"] == 1


def test_cancelling_what_has_ended_leaves_nothing(ready: Host) -> None:
    worker = ready.work()
    worker.lock()
    worker.answer(submit(ready, worker, submission(step("a"), follow=False)))
    ready.settle()
    assert ready.journal(TX).state == "committed"
    assert worker.call("tx.cancel", {"tx": TX}) == {}
    assert not ready.journal_path(TX).with_suffix(".cancel").exists()
