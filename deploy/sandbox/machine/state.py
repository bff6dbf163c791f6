"""What a machine keeps when its power goes: one JSON file, replaced atomically at each change."""

import json
import threading
from pathlib import Path
from typing import Any

SECTIONS = ("registry", "tasks", "rules", "acls", "system")


class State:
    """Sections of plain JSON; whoever changes one holds `lock` and calls `save`."""

    def __init__(self, path: Path) -> None:
        self.lock = threading.RLock()
        self._path = path
        found = json.loads(path.read_text("utf-8")) if path.exists() else {}
        self.sections: dict[str, dict[str, Any]] = {name: found.get(name, {}) for name in SECTIONS}

    def save(self) -> None:
        """Writes everything beside, then replaces."""
        with self.lock:
            beside = self._path.with_suffix(".tmp")
            beside.write_text(json.dumps(self.sections, separators=(",", ":")), "utf-8")
            beside.replace(self._path)
