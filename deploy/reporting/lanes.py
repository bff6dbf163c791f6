"""The timeline as it is drawn: one lane a host, bars in percent of the whole run. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.reporting.timeline import Span, seconds, spans

WHOLE_RUN = "run"
PHASES = ("lock", "stage", "cutover", "verify", "attest")
_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
_MOST_TICKS = 6
_WORDS = {"done": "done", "failed": "failed", "open": "did not end"}


@dataclass(frozen=True, slots=True)
class Bar:
    """`left` and `width` in percent; `look` names its colour; `short` is written on it where there is room."""

    look: str
    name: str
    short: str
    left: float
    width: float
    start_s: float
    took_s: float
    result: str


@dataclass(frozen=True, slots=True)
class Lane:
    """A host's bars in time order."""

    host: str
    bars: tuple[Bar, ...]

    @property
    def told(self) -> str:
        """The lane in words, for who can't see it."""
        return "; ".join(f"{bar.name} {_WORDS[bar.result]}, {bar.took_s:.1f} s" for bar in self.bars)


@dataclass(frozen=True, slots=True)
class Timeline:
    """`ticks`: position in percent and label."""

    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[float, str], ...]
    total_s: float
    looks: tuple[str, ...]
    """Those that occur, for the key."""
    failed: bool


def timeline(hosts: Iterable[str], events: Iterable[Mapping[str, Any]]) -> Timeline:
    """Lanes of all hosts; what the whole run did (verification) is drawn in a lane of its own, the last."""
    told = [dict(event) for event in events]
    found = spans(told)
    total_s = max(seconds(told[-1]) - seconds(told[0]), 0.001) if told else 0.001
    order = [*dict.fromkeys((*hosts, *(span.host for span in found if span.host))), ""]
    lanes = tuple(
        Lane(host or WHOLE_RUN, bars)
        for host in order
        if (bars := tuple(_bar(span, total_s) for span in found if span.host == host))
    )
    looks = {bar.look for lane in lanes for bar in lane.bars}
    failed = any(span.result == "failed" for span in found)
    return Timeline(lanes, _ticks(total_s), total_s, tuple(name for name in (*PHASES, "back") if name in looks), failed)


def _bar(span: Span, total_s: float) -> Bar:
    look = "back" if span.back else span.phase if span.phase in PHASES else "lock"
    name = short = "way back" if span.back else span.phase
    if span.wave is not None and not span.back:
        short = f"wave {span.wave + 1}"
        name += f", {short}"
    left, width = 100 * span.start_s / total_s, 100 * span.took_s / total_s
    return Bar(look, name, short, round(left, 3), round(width, 3), span.start_s, span.took_s, span.result)


def _ticks(total_s: float) -> tuple[tuple[float, str], ...]:
    step = next((step for step in _STEPS_S if total_s / step <= _MOST_TICKS), _STEPS_S[-1])
    count = int(total_s / step)
    return tuple((round(100 * step * index / total_s, 3), clock(step * index)) for index in range(count + 1))


def clock(value_s: float) -> str:
    """`0.5 s`, `12 s`, `2:05 min`."""
    if value_s >= 60:
        return f"{int(value_s // 60)}:{int(value_s % 60):02d} min"
    return f"{value_s:g} s" if value_s >= 1 or value_s == 0 else f"{value_s:.1f} s"
