"""A run: one deploy or rollback; how it can end, and what it tells while it goes on."""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any


class Outcome(StrEnum):
    """How a run ended."""

    UNCHANGED = "unchanged"
    COMMITTED = "committed"
    PARTIAL = "partial"
    UNDONE = "undone"
    STUCK = "stuck"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    INTERRUPTED = "interrupted"


class Exit(IntEnum):
    """Exit codes of every command."""

    OK = 0
    USAGE = 1
    REFUSED = 2
    FAILED = 3
    HUMAN = 4
    UNKNOWN = 5
    DIFFERENT = 6
    INTERRUPTED = 130


EXIT_OF: dict[Outcome, Exit] = {
    Outcome.UNCHANGED: Exit.OK,
    Outcome.COMMITTED: Exit.OK,
    Outcome.PARTIAL: Exit.FAILED,
    Outcome.UNDONE: Exit.FAILED,
    Outcome.STUCK: Exit.HUMAN,
    Outcome.REFUSED: Exit.REFUSED,
    Outcome.UNKNOWN: Exit.UNKNOWN,
    Outcome.INTERRUPTED: Exit.INTERRUPTED,
}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a run. `ts` is UTC, ISO 8601 with milliseconds.

    `phase`: plan, lock, stage, cutover, verify, attest, end. `event`: start, progress, done, failed, note, end.
    `host` and `step` may be empty. `data` is what the event has to say, JSON only, never a secret.
    """

    ts: str
    run: str
    host: str
    phase: str
    step: str
    event: str
    data: dict[str, Any] = field(default_factory=dict)
