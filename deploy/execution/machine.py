"""A run as a pure machine: (state, event) → (state, commands). No clock, no threads, no network.

The table NEXT says what may happen when; anything else is a defect and raises InvalidTransition.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from deploy.execution.finishing import closed, unlocked, verified
from deploy.execution.happening import (
    Begin,
    CalendarAnswered,
    Closed,
    ConvergencePlanned,
    Happening,
    Interrupt,
    Locked,
    Rechecked,
    Staged,
    Transacted,
    Unlocked,
    Verified,
)
from deploy.execution.opening import begin, calendar_answered, locked, rechecked, staged
from deploy.execution.rollout import convergence_planned, transacted
from deploy.execution.state import Phase, RunState
from deploy.execution.turn import Turn

NEXT: dict[tuple[Phase, type], Callable[[RunState, Any], Turn]] = {
    ("new", Begin): begin,
    ("locking", Locked): locked,
    ("rechecking", Rechecked): rechecked,
    ("staging", Staged): staged,
    ("asking-calendar", CalendarAnswered): calendar_answered,
    ("cutover", Transacted): transacted,
    ("planning-convergence", ConvergencePlanned): convergence_planned,
    ("converging", Transacted): transacted,
    ("verifying", Verified): verified,
    ("closing", Closed): closed,
    ("unlocking", Unlocked): unlocked,
}


class InvalidTransition(Exception):  # noqa: N818  # the event's name
    """An event came in a phase that does not expect it."""

    def __init__(self, phase: Phase, event: Happening) -> None:
        allowed = sorted(kind.__name__ for known, kind in NEXT if known == phase)
        super().__init__(f"{type(event).__name__} while {phase}; allowed: {', '.join(allowed)}")


def advance(state: RunState, event: Happening) -> Turn:
    """What the event makes of the run. Raises InvalidTransition."""
    if isinstance(event, Interrupt):
        return replace(state, interrupted=True), ()
    transition = NEXT.get((state.phase, type(event)))
    if transition is None:
        raise InvalidTransition(state.phase, event)
    return transition(state, event)
