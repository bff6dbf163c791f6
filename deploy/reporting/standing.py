"""Where each service of a run stands at its end: on the new revision, on the old one, or nobody knows. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from deploy.model.plan import Plan
from deploy.model.run import Event, Outcome

State = Literal["new", "old", "unknown"]

_NOTHING_HAPPENED = frozenset({"transaction-undone", "transaction-dropped"})
_HOSTS_UNKNOWN = frozenset({Outcome.STUCK, Outcome.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Standing:
    """`revision` is what serves; None: nothing does, or it is not known (then `state` is `unknown`)."""

    host: str
    service: str
    state: State
    revision: str | None


def standings(plan: Plan, outcome: Outcome, events: Iterable[Event]) -> tuple[Standing, ...]:
    """One for each move of the plan, in its order. A move that never began stands at its old revision."""
    answered = outcome not in _HOSTS_UNKNOWN
    moves = {
        (item.host, move.service): move
        for wave in plan.waves
        for batch in wave.batches
        for item in batch
        for move in item.moves
    }
    states: dict[tuple[str, str], State] = dict.fromkeys(moves, "old")
    under_way: dict[str, tuple[tuple[str, ...], bool]] = {}
    for event in events:
        if event.phase != "cutover" or not event.host:
            continue
        if event.event == "start":
            services = tuple(event.data.get("moves") or ())
            under_way[event.host] = services, bool(event.data.get("back"))
            states.update({(event.host, name): "unknown" for name in services if (event.host, name) in moves})
        elif event.host in under_way and event.event in ("done", "failed"):
            services, back = under_way.pop(event.host)
            state = _ended(event, back, answered)
            states.update({(event.host, name): state for name in services if (event.host, name) in moves})
    return tuple(_standing(key, state, moves[key].before, moves[key].after) for key, state in states.items())


def _ended(event: Event, back: bool, answered: bool) -> State:
    """A transaction either happened whole or not at all; a way back turns the two around.

    `answered`: no host of the run is stuck or lost, so that a failed transaction is one of which nothing is left.
    """
    if event.event == "done":
        return "old" if back else "new"
    if answered or event.data.get("code") in _NOTHING_HAPPENED:
        return "new" if back else "old"
    return "unknown"


def _standing(key: tuple[str, str], state: State, before: str | None, after: str | None) -> Standing:
    revision = {"new": after, "old": before, "unknown": None}[state]
    return Standing(*key, state, revision)
