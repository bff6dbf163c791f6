"""What the journals on a machine's disk tell about transactions, to somebody who looks again and again."""

import re
from pathlib import Path

from deploy.wire.journal import JournalError, decode_records

_LABELS = {
    "submitted": "submit",
    "begun": "begun",
    "doing": "before:{i}",
    "done": "done:{i}",
    "undoing": "undo:{i}",
    "undo-done": "undone:{i}",
    "ended": "ended",
}
"""Record → the checkpoint that a process of the host half has reached, named as the built-in engine names it."""
SEEN = re.compile(r"(before|done|undo|undone):\d{1,6}|submit|begun|ended|\*")
"""Checkpoints that can be seen from outside, and any."""


class JournalWatch:
    """`folder` is where the journals lie; it may come into being later. What was there before does not count."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sizes: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self.fresh()

    def fresh(self) -> list[str]:
        """Labels of the checkpoints reached since the last look, in order."""
        return [label for path in sorted(self._folder.glob("*.journal")) for label in self._read(path)]

    def _read(self, path: Path) -> list[str]:
        try:
            if path.stat().st_size == self._sizes.get(path.name):
                return []
            content = path.read_bytes()
            records = decode_records(content).records
        except (OSError, JournalError):  # cleaned up in between; or nobody's business here
            return []
        known = self._counts.get(path.name, 0)
        self._sizes[path.name], self._counts[path.name] = len(content), len(records)
        labels = (_LABELS.get(record["t"], "").format(**record) for record in records[known:])
        return [label for label in labels if label]
