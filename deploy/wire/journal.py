"""The journal of a transaction: records as bytes, and what an open one means (docs/protocol.md, section 5)."""

import json
import re
import zlib
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["submitted", "running", "undoing", "stuck", "committed", "undone", "dropped", "unreadable"]
OPEN_STATES: frozenset[State] = frozenset({"submitted", "running", "undoing", "stuck", "unreadable"})
_RECORD = re.compile(rb"J1 (\d{1,9}) ([0-9a-f]{8}) ")


class JournalError(ValueError):
    """A record before the last one is damaged: nobody may guess what happened after it."""


@dataclass(frozen=True, slots=True)
class Journal:
    """Records read from a file, and how many bytes of it are sound (a torn tail lies behind them)."""

    records: tuple[dict[str, Any], ...]
    sound_bytes: int

    @property
    def state(self) -> State:
        """What the last record that tells makes of the transaction."""
        for record in reversed(self.records):
            match record["t"]:
                case "ended":
                    return record["outcome"]  # type: ignore[no-any-return]
                case "stuck":
                    return "stuck"
                case "failed" | "undoing" | "undo-done":
                    return "undoing"
                case "begun" | "doing" | "done":
                    return "running"
        return "submitted"


def encode_record(record: dict[str, Any]) -> bytes:
    """One record as the line that is appended and flushed."""
    body = json.dumps(record, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    return b"J1 %d %08x " % (len(body), zlib.crc32(body)) + body + b"\n"


def decode_records(data: bytes) -> Journal:
    """All sound records. A damaged or incomplete *last* one is left out; raises JournalError for an earlier one."""
    records: list[dict[str, Any]] = []
    at = 0
    while at < len(data):
        end = _record_end(data, at)
        if end is None:
            if data.find(b"\nJ1 ", at) >= 0:
                raise JournalError(f"record {len(records)} at byte {at} is damaged, and others follow it")
            break
        records.append(json.loads(data[data.index(b" ", data.index(b" ", at + 3) + 1) + 1 : end - 1]))
        at = end
    return Journal(tuple(records), at)


def _record_end(data: bytes, at: int) -> int | None:
    """Where the record at `at` ends, or None when it is damaged or torn."""
    match = _RECORD.match(data, at)
    if match is None:
        return None
    start, size = match.end(), int(match.group(1))
    body = data[start : start + size]
    whole = len(body) == size and data[start + size : start + size + 1] == b"\n"
    if not whole or zlib.crc32(body) != int(match.group(2), 16):
        return None
    return start + size + 1
