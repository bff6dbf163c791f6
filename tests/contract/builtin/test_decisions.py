"""What is to become of an open journal: every condition."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.sandbox.engines.builtin.decisions import (
    HOLDER_GRACE_S,
    NEXT,
    Todo,
    condition,
    error_of,
    holder_overdue,
    interruption,
    steps_to_undo,
)
from deploy.sandbox.engines.builtin.journal_file import Read
from deploy.sandbox.engines.builtin.service_control import KILL_GRACE_S
from deploy.wire.journal import Journal

BOOT = "boot-1"
PAIR = ("run-1", 4)
SUBMITTED = {"t": "submitted", "run": "run-1", "epoch": 4, "await_s": 30, "steps": []}
BEGUN, DOING, DONE = {"t": "begun"}, {"t": "doing", "i": 0, "undo": None}, {"t": "done", "i": 0}
FAILED = {"t": "failed", "i": 0, "error": {"code": "timeout"}}
UNDOING, UNDO_DONE = {"t": "undoing", "i": 0}, {"t": "undo-done", "i": 0}


def stuck(phase: str) -> dict[str, Any]:
    return {"t": "stuck", "i": 0, "phase": phase, "error": {"code": "still-running"}}


def journal(*records: dict[str, Any], boot: str = BOOT, up: float = 100.0) -> Read:
    full = tuple({"boot": boot, "up": up, **record} for record in records)
    return Read("t", Path("t.journal"), Journal(full, 0).state, full)


CASES: dict[str, tuple[Read, float, Todo]] = {
    "just submitted": (journal(SUBMITTED), 100.0, Todo.CARRY_OUT),
    "awaited to the last second": (journal(SUBMITTED), 130.0, Todo.CARRY_OUT),
    "no longer awaited": (journal(SUBMITTED), 130.1, Todo.DROP),
    "submitted in another boot": (journal(SUBMITTED, boot="boot-0"), 100.0, Todo.DROP),
    "submitted later than now": (journal(SUBMITTED), 99.0, Todo.DROP),
    "nothing but a torn record": (journal(), 100.0, Todo.DROP),
    "begun": (journal(SUBMITTED, BEGUN), 100.0, Todo.UNDO),
    "in a step": (journal(SUBMITTED, BEGUN, DOING), 100.0, Todo.UNDO),
    "all done but not ended": (journal(SUBMITTED, BEGUN, DOING, DONE), 100.0, Todo.UNDO),
    "failed": (journal(SUBMITTED, BEGUN, DOING, FAILED), 100.0, Todo.UNDO),
    "undoing": (journal(SUBMITTED, BEGUN, DOING, FAILED, UNDOING), 100.0, Todo.UNDO),
    "undone but not ended": (journal(SUBMITTED, BEGUN, DOING, FAILED, UNDOING, UNDO_DONE), 100.0, Todo.UNDO),
    "stuck in a step": (journal(SUBMITTED, BEGUN, DOING, stuck("do")), 100.0, Todo.ASK_SETTLED),
    "stuck in an undo": (journal(SUBMITTED, BEGUN, DOING, FAILED, stuck("undo")), 100.0, Todo.UNDO),
    "undone again after being stuck": (journal(SUBMITTED, BEGUN, DOING, stuck("undo"), UNDOING), 100.0, Todo.UNDO),
    "unreadable": (Read("t", Path("t.journal"), "unreadable"), 100.0, Todo.LEAVE),
    **{
        outcome: (journal(SUBMITTED, BEGUN, {"t": "ended", "outcome": outcome}), 100.0, Todo.LEAVE)
        for outcome in ("committed", "undone", "dropped")
    },
}


@pytest.mark.parametrize(("read", "up", "todo"), CASES.values(), ids=CASES.keys())
def test_what_to_do(read: Read, up: float, todo: Todo) -> None:
    assert NEXT[condition(read, BOOT, up, PAIR)] is todo


@pytest.mark.parametrize("granted", [None, ("run-2", 5), ("run-1", 5), ("run-2", 4)])
def test_nothing_begins_under_another_pair_than_the_granted_one(granted: tuple[str, int] | None) -> None:
    assert NEXT[condition(journal(SUBMITTED), BOOT, 100.0, granted)] is Todo.DROP
    assert NEXT[condition(journal(SUBMITTED, BEGUN), BOOT, 100.0, granted)] is Todo.UNDO


@given(st.lists(st.sampled_from([BEGUN, DOING, DONE, FAILED, UNDOING, UNDO_DONE, stuck("do"), stuck("undo")])))
def test_nothing_that_was_begun_is_ever_carried_out(records: list[dict[str, Any]]) -> None:
    read = journal(SUBMITTED, BEGUN, *records)
    assert NEXT[condition(read, BOOT, 100.0, PAIR)] not in {Todo.CARRY_OUT, Todo.DROP}


def test_undo_goes_backwards_and_skips_what_is_undone() -> None:
    records = [{"t": "doing", "i": i} for i in range(4)]
    assert [each["i"] for each in steps_to_undo((*records, {"t": "undo-done", "i": 3}))] == [2, 1, 0]


def test_the_first_failure_is_the_reason() -> None:
    later = {"t": "stuck", "i": 0, "phase": "undo", "error": {"code": "busy"}}
    assert error_of((SUBMITTED, FAILED, later))["code"] == "timeout"
    assert error_of((SUBMITTED, later, FAILED))["code"] == "timeout"


@pytest.mark.parametrize(("hung", "code"), [(False, "cancelled"), (True, "timeout")])
def test_the_journal_says_that_its_executor_ended(hung: bool, code: str) -> None:
    doing = {**DOING, "i": 3, "id": "start"}
    failed = interruption((SUBMITTED, BEGUN, doing, DONE), hung=hung)
    assert failed is not None
    assert (failed["t"], failed["i"]) == ("failed", 3)
    assert (failed["error"]["code"], failed["error"]["where"]) == (code, "start")
    assert interruption((SUBMITTED, BEGUN, doing, FAILED), hung=hung) is None
    assert interruption((SUBMITTED, BEGUN, doing, stuck("do")), hung=hung) is None
    begun = interruption((SUBMITTED, BEGUN), hung=hung)
    assert begun is not None
    assert (begun["i"], begun["error"]["code"]) == (0, code)


@pytest.mark.parametrize(
    ("last", "up", "overdue"),
    [
        ({"t": "doing", "deadline_up": 160.0}, 165.0, False),
        ({"t": "doing", "deadline_up": 160.0}, 165.1, True),
        ({"t": "done"}, 165.0, False),
        ({"t": "done"}, 165.1, True),
    ],
)
def test_an_executor_is_ended_when_it_is_past_its_deadline(last: dict[str, Any], up: float, overdue: bool) -> None:
    assert holder_overdue(90.0, journal(SUBMITTED, BEGUN, last), BOOT, up) is overdue


def test_records_of_another_boot_say_nothing_about_a_living_executor() -> None:
    old = journal(SUBMITTED, {"t": "doing", "deadline_up": 9000.0}, boot="boot-0")
    assert holder_overdue(5.0, old, BOOT, 70.1)
    assert not holder_overdue(5.0, old, BOOT, 70.0)


def test_a_deadline_of_the_executor_before_is_not_the_one_of_this() -> None:
    """It has just turned to a transaction that another one left long ago."""
    left = journal(SUBMITTED, BEGUN, {**DOING, "deadline_up": 110.0}, up=100.0)
    assert not holder_overdue(900.0, left, BOOT, 901.0)


def test_a_kill_at_a_deadline_ends_before_its_executor_counts_as_hung() -> None:
    assert KILL_GRACE_S < HOLDER_GRACE_S
