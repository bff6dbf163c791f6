"""What a primitive is: five functions."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.sandbox.engines.builtin.world import Call, Change, World

Captured = dict[str, Any] | None
Check = Callable[[World, Call], Change]
Act = Callable[[World, Call], Change]
Capture = Callable[[World, Call, Path], Captured]
Undo = Callable[[World, Call, dict[str, Any], Path], None]
Settled = Callable[[World, Call], bool]


def _nothing_to_capture(_world: World, _call: Call, _bytes: Path) -> Captured:
    return None


def _nothing_to_undo(_world: World, _call: Call, _captured: dict[str, Any], _bytes: Path) -> None:
    return


def _not_told(_world: World, _call: Call) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Primitive:
    """One verb.

    `check` says what `act` would change, and changes nothing. `capture` finds what `undo` needs, before the act: small
    things as JSON, file content in the file it is given. `settled`: whether an act that was given up has ended
    since; what can't be told has not, so a verb whose act may raise `still-running` has one.
    """

    required: frozenset[str]
    optional: frozenset[str]
    check: Check
    act: Act
    capture: Capture = _nothing_to_capture
    undo: Undo = _nothing_to_undo
    settled: Settled = _not_told


def made_when_changed(check: Check, make: Callable[[World, Call], None]) -> Act:
    """An act that does nothing when the check finds nothing to do."""

    def act(world: World, call: Call) -> Change:
        change = check(world, call)
        if change.changed:
            make(world, call)
        return change

    return act
