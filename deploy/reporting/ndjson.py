"""Events as NDJSON on stdout, for programs."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from deploy.model.run import Event

SCHEMA = "event/1"


class Ndjson:
    """One document an event; the command itself writes the last one, `end`."""

    def __init__(self, write: Callable[[dict[str, Any]], None], environment: str | None = None) -> None:
        self._write, self._environment = write, environment

    def show(self, event: Event) -> None:
        """One line of JSON."""
        self._write({"schema": SCHEMA, "env": self._environment, **asdict(event)})

    def close(self) -> None:
        """Nothing more comes."""
