"""What is known of a transaction: its journal's records as they come, and the end that they tell."""

from collections.abc import Callable
from typing import Any, Literal, cast

from deploy.execution.target import Records, TransactionEnd
from deploy.wire.journal import Journal

Ending = Literal["committed", "undone", "dropped", "stuck", "unreadable"]
_ENDINGS = frozenset({"committed", "undone", "dropped", "stuck", "unreadable"})


class TransactionStory:
    """Gathers records, each once, and tells `progress` of the new ones."""

    def __init__(self, tx: str, progress: Callable[[Records], None]) -> None:
        self.tx, self._progress = tx, progress
        self._records: list[dict[str, Any]] = []

    @property
    def seen(self) -> int:
        """How many records came so far."""
        return len(self._records)

    def on_event(self, event: dict[str, Any]) -> None:
        """Takes a `progress` event."""
        if event.get("event") == "progress" and event.get("tx") == self.tx:
            self._take(event.get("records") or [])

    def end(self, result: dict[str, Any]) -> TransactionEnd | None:
        """The end that an answer tells, if any. Its records may repeat those of events: a journal only grows."""
        self._take(result.get("records") or [])
        outcome = result.get("outcome") or Journal(tuple(self._records), 0).state
        if outcome not in _ENDINGS:
            return None
        return TransactionEnd(self.tx, cast(Ending, outcome), tuple(self._records), self._error())

    def dropped(self, why: str) -> TransactionEnd:
        """The end of one that the host never had."""
        return TransactionEnd(self.tx, "dropped", (), why)

    def _take(self, records: list[dict[str, Any]]) -> None:
        """Adds the records that are new. A batch either goes on where the last one ended or starts anew."""
        known = [record for record in records if record in self._records]
        new = records[len(known) :] if records[: len(known)] == known else records
        if new:
            self._records += new
            self._progress(tuple(new))

    def _error(self) -> str:
        """Why it failed: the first error of the journal."""
        for record in self._records:
            error = record.get("error")
            if error:
                return str(error.get("message", error)) if isinstance(error, dict) else str(error)
        return ""
