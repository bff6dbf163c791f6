"""When each host was in which phase: spans for the report's timeline, from events alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_ENDS = frozenset({"done", "failed"})


@dataclass(frozen=True, slots=True)
class Span:
    """A phase of a host ("" is the whole run's own), in seconds since the run's first event."""

    host: str
    phase: str
    start_s: float
    end_s: float
    result: str
    """`done`, `failed`, or `open` when no end was told."""
    back: bool = False
    """Whether it took something back."""
    wave: int | None = None
    """Counted from 0; None outside the cutover."""

    @property
    def took_s(self) -> float:
        """How long it took."""
        return self.end_s - self.start_s


def spans(events: Iterable[dict[str, Any]]) -> tuple[Span, ...]:
    """Pairs each phase's start with its end; a phase that never ended lasts until the last event.

    Attestation tells only its end: it began when the phase before it told its last.
    """
    told = list(events)
    if not told:
        return ()
    zero, last = seconds(told[0]), seconds(told[-1])
    begun: dict[tuple[str, str], dict[str, Any]] = {}
    found: list[Span] = []
    before_attest = zero
    for event in told:
        key = event["host"], event["phase"]
        if event["event"] == "start":
            begun.setdefault(key, event)
        elif event["event"] in _ENDS and key in begun:
            found.append(_span(begun.pop(key), zero, seconds(event), str(event["event"])))
        elif event["event"] in _ENDS and event["phase"] == "attest":
            start = round(before_attest - zero, 3)
            found.append(Span(event["host"], "attest", start, round(seconds(event) - zero, 3), str(event["event"])))
        if event["phase"] != "attest":
            before_attest = seconds(event)
    found.extend(_span(event, zero, last, "open") for event in begun.values())
    return tuple(sorted(found, key=lambda span: (span.host, span.start_s)))


def seconds(event: dict[str, Any]) -> float:
    """An event's moment, in seconds of the epoch."""
    return datetime.fromisoformat(event["ts"]).timestamp()


def _span(event: dict[str, Any], zero: float, end: float, result: str) -> Span:
    start, data = round(seconds(event) - zero, 3), event["data"]
    wave = data.get("wave")
    return Span(
        event["host"], event["phase"], start, round(end - zero, 3), result, bool(data.get("back")),
        wave if isinstance(wave, int) else None,
    )  # fmt: skip
