"""The run report as one self-contained HTML page: no script runs, nothing is fetched, and it holds report.json."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from deploy.reporting.diffline import diff_line
from deploy.reporting.lanes import clock, timeline

_OUTCOMES = {
    "unchanged": ("good", "Nothing to do: everything is as it should be"),
    "committed": ("good", "Done: {hosts} {to}"),
    "partial": ("bad", "Partly done: what failed serves its old release"),
    "undone": ("bad", "Undone: the old release serves everywhere"),
    "stuck": ("bad", "Stuck: a human is needed"),
    "refused": ("warn", "Refused: nothing was touched"),
    "unknown": ("bad", "Unknown: a host can’t be asked"),
    "interrupted": ("warn", "Interrupted: nothing new was begun; where each service stands is below"),
}
_NOT_ONE_RELEASE = (
    "What ran before was not one attested release. invoke rollback shows what it would go back to before it asks."
)
_NOTHING_TO_UNDO = {
    "unchanged": "There is nothing to undo: no host was touched.",
    "refused": "There is nothing to undo: no host was touched.",
    "undone": "There is nothing to undo: the run took back what it had done.",
    "interrupted": "There is nothing to undo: no service was moved.",
    "stuck": "Don’t undo yet. Look first: a host could not finish by itself.",
    "unknown": "Don’t undo yet. Look first: a host may still be at work.",
    "partial": _NOT_ONE_RELEASE,
    "committed": _NOT_ONE_RELEASE,
}
_LOOK_FIRST = frozenset({"stuck", "unknown"})
MOST_EVENTS = 1500
"""Longer logs would make the page slow on a phone; the data at its end hold all of them."""


def render_page(report: dict[str, Any]) -> str:
    """report.html. `report` is report.json as data."""
    # "<" can't be misread inside a script element when it is written as an escape of JSON's own.
    embedded = Markup(json.dumps(report, ensure_ascii=True).replace("<", "\\u003c"))  # noqa: S704  # escaped above
    drawn = timeline(report["hosts"], report["events"])
    tone, headline = _OUTCOMES[report["outcome"]]
    return _template().render(
        report=report,
        tone=tone,
        headline=headline.format(
            to=report["to"], hosts="the named hosts run" if report["limited"] else "every host runs"
        ),
        undo_note=_NOTHING_TO_UNDO[report["outcome"]],
        look_first=report["outcome"] in _LOOK_FIRST,
        timeline=drawn,
        staged=any(event["phase"] == "stage" and event["event"] == "done" for event in report["events"]),
        tiles=_tiles(report, drawn.total_s),
        services=_by_service(report["moves"]),
        failed_checks=[check for check in report["checks"] if check["result"] == "failed"],
        outages=_outages(report["outage_s"]),
        phases=list(dict.fromkeys(phase for phases in report["requests"].values() for phase in phases)),
        shown_events=_shown(report["events"]),
        embedded=embedded,
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("deploy.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["diff_line"] = diff_line
    return environment.get_template("report.html.j2")


def _tiles(report: Mapping[str, Any], total_s: float) -> list[tuple[str, str]]:
    """What one wants to know first: label and value."""
    tiles = [("took", clock(round(total_s, 1)))] if report["events"] else []
    tiles.append(("hosts", str(len(report["hosts"]))))
    new = sum(1 for item in report["standing"] if item["state"] == "new")
    if report["standing"]:
        tiles.append(("services on the new revision", f"{new} of {len(report['standing'])}"))
    worst = max((value for services in report["outage_s"].values() for value in services.values()), default=None)
    if worst is not None:
        tiles.append(("longest outage", f"{worst:.2f} s"))
    if report["checks"]:
        passed = sum(1 for check in report["checks"] if check["result"] == "passed")
        tiles.append(("checks passed", f"{passed} of {len(report['checks'])}"))
    return tiles


def _by_service(moves: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Service → its moves, host by host."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for move in moves:
        found.setdefault(move["service"], []).append(move)
    return found


def _outages(outage_s: Mapping[str, Mapping[str, float]]) -> list[tuple[str, str, float]]:
    """Host, service and seconds, the longest first."""
    rows = [(host, service, value) for host, services in outage_s.items() for service, value in services.items()]
    return sorted(rows, key=lambda row: -row[2])


def _shown(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All events, or of a long log those that aren't mere progress."""
    return events if len(events) <= MOST_EVENTS else [event for event in events if event["event"] != "progress"]
