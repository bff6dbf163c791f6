"""JSON lines, one file a day: `{logs}/{date}.jsonl`."""

import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class Log:
    """Appends; a service without a log folder says nothing."""

    def __init__(self, folder: Path | None, service: str, version: str) -> None:
        self._folder, self._service, self._version = folder, service, version
        self._lock = threading.Lock()
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def write(self, level: str, message: str, **fields: Any) -> None:
        """One line."""
        if self._folder is None:
            return
        now = datetime.now(UTC)
        line = {
            "time": now.isoformat(),
            "level": level,
            "service": self._service,
            "version": self._version,
            "message": message,
            **fields,
        }
        with self._lock, (self._folder / f"{now:%Y-%m-%d}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
