"""What is to become of an open transaction: pure decisions over its journal."""

from enum import StrEnum
from typing import Any

from deploy.sandbox.engines.builtin.journal_file import Read

HOLDER_GRACE_S = 5.0
BETWEEN_RECORDS_S = 60.0
"""How long an executor may take from one record to the next when no step is being carried out."""
Pair = tuple[str | None, int]
"""Run and epoch."""


class Todo(StrEnum):
    """What an executor does with a journal."""

    CARRY_OUT = "carry out"
    DROP = "drop"
    UNDO = "undo"
    ASK_SETTLED = "undo, if the step has ended"
    LEAVE = "leave it"


NEXT: dict[str, Todo] = {
    "awaited": Todo.CARRY_OUT,
    "not awaited": Todo.DROP,
    "begun": Todo.UNDO,
    "stuck in do": Todo.ASK_SETTLED,
    "stuck in undo": Todo.UNDO,
    "unreadable": Todo.LEAVE,
    "ended": Todo.LEAVE,
}
"""Condition of a journal → what to do: section 6 of docs/protocol.md."""


def condition(journal: Read, boot: str, up: float, granted: Pair | None) -> str:
    """The condition of a journal, one of NEXT's keys, at `up` seconds after the boot `boot`.

    `granted`: the pair that the lock's record names, None when nobody has the lock.
    """
    if journal.state == "unreadable":
        return "unreadable"
    last = journal.records[-1] if journal.records else {}
    match journal.state:
        case "committed" | "undone" | "dropped":
            return "ended"
        case "stuck":
            return f"stuck in {last['phase']}"
        case "submitted":
            return "awaited" if _awaited(journal.first, boot, up, granted) else "not awaited"
    return "begun" if any(record["t"] == "begun" for record in journal.records) else "not awaited"


def _awaited(submitted: dict[str, Any], boot: str, up: float, granted: Pair | None) -> bool:
    if not submitted or (submitted["run"], submitted["epoch"]) != granted:
        return False
    return bool(submitted["boot"] == boot and 0 <= up - submitted["up"] <= submitted["await_s"])


def steps_to_undo(records: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    """The `doing` records whose effects are still to be taken back, the last one first."""
    undone = {record["i"] for record in records if record["t"] == "undo-done"}
    return [record for record in reversed(records) if record["t"] == "doing" and record["i"] not in undone]


def error_of(records: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    """Why the transaction is undone: what failed first. A failed undo comes later and is another matter."""
    for record in records:
        if record["t"] == "failed" or (record["t"] == "stuck" and record["phase"] == "do"):
            return record["error"]  # type: ignore[no-any-return]
    return {}


def interruption(records: tuple[dict[str, Any], ...], *, hung: bool) -> dict[str, Any] | None:
    """The `failed` record of a transaction whose executor ended; None when the journal says already why it is undone.

    `hung`: the executor was ended, because its step was past its deadline.
    """
    if any(record["t"] in {"failed", "stuck"} for record in records):
        return None
    error = {"code": "cancelled", "message": "the executor ended before the transaction did"}
    if hung:
        error = {"code": "timeout", "message": "the step was past its deadline; its executor was ended"}
    doing = next((record for record in reversed(records) if record["t"] == "doing"), None)
    if doing is None:
        return {"t": "failed", "i": 0, "error": error}
    return {"t": "failed", "i": doing["i"], "error": {**error, "where": doing["id"]}}


def holder_overdue(since_up: float, journal: Read | None, boot: str, up: float) -> bool:
    """Whether the living executor has outlived what it journaled, so that it has to be ended.

    `since_up`: when it turned to `journal`. Where its last record has no deadline, the next one is due within
    BETWEEN_RECORDS_S.
    """
    limit = since_up + BETWEEN_RECORDS_S
    last = journal.records[-1] if journal is not None and journal.records else None
    if last is not None and last["boot"] == boot and last["up"] >= since_up:
        limit = last.get("deadline_up", last["up"] + BETWEEN_RECORDS_S)
    return up > limit + HOLDER_GRACE_S
