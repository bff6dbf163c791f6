"""Plain lines, one an event: for pipes, logs and CI."""

from collections.abc import Callable
from datetime import datetime

from deploy.model.run import Event

_WORDS = {"doing": "{step} …", "undoing": "undoing {step} …", "failed": "{step} failed", "stuck": "stuck at {step}"}
_TOLD_STARTS = frozenset({"stage", "verify"})
_INDENT = " " * 10


class Lines:
    """Writes each event that a person wants to know of; remembers when phases began, to say how long they took."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._begun: dict[tuple[str, str], str] = {}

    def show(self, event: Event) -> None:
        """One line, or none for what only a program wants to know."""
        key = event.host, event.phase
        if event.event == "start":
            self._begun[key] = event.ts
        began = self._begun.pop(key, None) if event.event == "done" else None
        line = line_of(event, None if began is None else _between_s(began, event.ts))
        if line is not None:
            self._write(line)

    def close(self) -> None:
        """Nothing more comes."""


def line_of(event: Event, took_s: float | None = None) -> str | None:
    """The event as a line (a failure: as several), None when it says nothing new to a person."""
    rest = _said(event, took_s)
    if rest is None:
        return None
    return f"{event.ts[11:19]}  {event.host or 'run':<18} {event.phase:<8} {rest}".rstrip()


def _said(event: Event, took_s: float | None) -> str | None:
    data = event.data
    match event.event:
        case "start":
            moves = data.get("moves") or {}
            told = ", ".join(
                f"{name} {before or 'new'} → {after or 'stopped'}" for name, (before, after) in moves.items()
            )
            if not told:
                return "…" if event.phase in _TOLD_STARTS else None
            return f"taking back: {told}" if data.get("back") else told
        case "progress":
            words = _WORDS.get(str(data["what"]))
            # The steps of a preparation are many, quick and without an outage: the plan has named them.
            quiet = words is None or (event.phase == "stage" and data["what"] == "doing")
            return None if quiet or words is None else words.format(step=event.step)
        case "done":
            return "done" if took_s is None else f"done in {took_s:.1f} s"
        case "failed":
            more = [f"\n{_INDENT}{part}: {data[part]}" for part in ("expected", "next") if data.get(part)]
            return f"{event.step} FAILED: {data['what']}".strip() + "".join(more)
        case _:
            return str(data.get("what", "")) or None


def _between_s(began: str, ended: str) -> float:
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()
