"""Where services stand after a run, and which command takes it back."""

from typing import Any

import pytest

from deploy.model.problem import Problem
from deploy.model.run import Event, Outcome
from deploy.reporting.report import RunInfo, undo_of
from deploy.reporting.standing import standings
from tests.unit.reporting.story import (
    STUCK,
    TRADE_01,
    UNHEALTHY,
    Story,
    committed_events,
    plan,
    transactions,
    undone_events,
    way_back,
)

PLAN = plan()
FIRST, SECOND, *_ = transactions(PLAN)
LOST = Problem("timeout", TRADE_01, "no answer for 60 s")


def states(outcome: Outcome, events: list[Event]) -> list[str]:
    return [item.state for item in standings(PLAN, outcome, events)]


def test_committed() -> None:
    assert states(Outcome.COMMITTED, committed_events(PLAN)) == ["new"] * 4


def test_undone_stands_at_the_old_revision_everywhere() -> None:
    found = standings(PLAN, Outcome.UNDONE, undone_events(PLAN))
    assert [item.state for item in found] == ["old"] * 4
    assert [item.revision for item in found] == [item.moves[0].before for item in transactions(PLAN)]


def test_never_begun_stands_at_the_old_revision() -> None:
    assert states(Outcome.REFUSED, []) == ["old"] * 4


@pytest.mark.parametrize(("problem", "outcome"), [(STUCK, Outcome.STUCK), (LOST, Outcome.UNKNOWN)])
def test_stuck_or_lost_is_not_known(problem: Problem, outcome: Outcome) -> None:
    story = Story()
    story.transaction(FIRST, problem=problem)
    found = standings(PLAN, outcome, story.events)
    assert (found[0].state, found[0].revision) == ("unknown", None)
    assert [item.state for item in found[1:]] == ["old"] * 3


def test_no_end_is_not_known() -> None:
    story = Story()
    story.transaction(FIRST)
    assert states(Outcome.UNKNOWN, story.events[:-1])[0] == "unknown"


def test_a_refused_transaction_changed_nothing() -> None:
    story = Story()
    story.transaction(FIRST, problem=Problem("unexpected", TRADE_01, "image path is another"))
    assert states(Outcome.UNDONE, story.events)[0] == "old"


def test_a_way_back_that_failed_leaves_the_new_revision() -> None:
    story = Story()
    story.transaction(FIRST)
    story.transaction(SECOND)
    story.transaction(way_back(SECOND), back=True, problem=UNHEALTHY)
    assert states(Outcome.PARTIAL, story.events) == ["new", "new", "old", "old"]


def undo(outcome: Outcome, kind: str = "deploy", events: list[Event] | None = None, **changes: Any) -> str:
    made = plan(**changes)
    told = committed_events(made) if events is None else events
    info = RunInfo("r", kind, "prod", "ana", "", "")
    return undo_of(info, made, outcome, standings(made, outcome, told))


def test_how_to_undo() -> None:
    assert undo(Outcome.COMMITTED) == "invoke rollback --env prod"
    assert undo(Outcome.COMMITTED, limited=True) == "invoke rollback --env prod --to 1.4.1"
    assert undo(Outcome.PARTIAL) == "invoke rollback --env prod --to 1.4.1"
    assert undo(Outcome.INTERRUPTED) == "invoke rollback --env prod --to 1.4.1"


def test_a_rollback_is_undone_by_a_deploy() -> None:
    assert undo(Outcome.COMMITTED, "rollback") == "invoke deploy --env prod --release 1.4.1"


@pytest.mark.parametrize("outcome", [Outcome.STUCK, Outcome.UNKNOWN])
def test_nobody_is_told_to_undo_what_is_not_known(outcome: Outcome) -> None:
    assert undo(outcome) == ""


def test_nothing_to_undo() -> None:
    assert undo(Outcome.REFUSED, events=[]) == ""
    assert undo(Outcome.INTERRUPTED, events=[]) == ""
    assert undo(Outcome.COMMITTED, previous=None) == ""
