"""Keeps every event of a run: on disk at once, in memory for the report, and passes it on to a view."""

import json
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

from deploy.model.run import Event
from deploy.reporting.view import View


class Nothing:
    """Shows nothing."""

    def show(self, event: Event) -> None:
        """Nobody looks."""

    def close(self) -> None:
        """Nothing to end."""


class Recorder:
    """The folder `.deploy/runs/<id>/`: log.jsonl while the run goes on, report.json and report.html at its end."""

    def __init__(self, folder: Path, view: View) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.events: list[Event] = []
        self._view = view
        self._lock = threading.Lock()
        self._log = (folder / "log.jsonl").open("a", encoding="utf-8")

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, *_: object) -> None:
        """Gives terminal and log back, also when the run failed in a way that nobody foresaw."""
        with self._lock:
            self._view.close()
            self._log.close()

    def emit(self, event: Event) -> None:
        """Keeps and shows an event; from any thread."""
        with self._lock:
            self.events.append(event)
            print(json.dumps(asdict(event), ensure_ascii=False), file=self._log, flush=True)
            try:
                self._view.show(event)
            except OSError:
                # A terminal that was closed must not end a run; the record goes on.
                self._view = Nothing()

    def finish(self, report: dict[str, Any], page: str) -> None:
        """Writes the report; the view has nothing more to show."""
        with self._lock:
            self._view.close()
            text = json.dumps(report, ensure_ascii=False, indent=1, sort_keys=False)
            (self.folder / "report.json").write_text(text + "\n", encoding="utf-8")
            (self.folder / "report.html").write_text(page, encoding="utf-8")
