"""The System event log: one JSON line per event in `<host folder>/events.jsonl`."""

import json
import threading
from collections.abc import Callable
from pathlib import Path


class EventLog:
    """Appended to by the machine's parts, with Windows' event ids where there is one."""

    def __init__(self, path: Path, now_s: Callable[[], float]) -> None:
        self._path, self._now_s, self._lock = path, now_s, threading.Lock()

    def write(self, event_id: int, source: str, message: str) -> None:
        """Adds one event."""
        event = {"time": round(self._now_s(), 3), "id": event_id, "source": source, "message": message}
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")

    def read(self) -> list[dict[str, object]]:
        """All events, oldest first."""
        with self._lock:
            text = self._path.read_text("utf-8") if self._path.exists() else ""
        return [json.loads(line) for line in text.splitlines()]
