"""How long each service was down, as the host's own journal tells it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from deploy.model.run import Event

Key = tuple[str, str]


@dataclass(slots=True)
class _Transaction:
    """What one host is doing: services that it moves, when each went down and when it was started."""

    ran_before: dict[str, bool]
    down: dict[str, datetime] = field(default_factory=dict)
    up: dict[str, datetime] = field(default_factory=dict)
    last: datetime | None = None


def outages(events: Iterable[Event]) -> dict[str, dict[str, float]]:
    """Host → service → seconds without a service that was there before.

    From the begin of its stop until it was started again. A start that was taken back doesn't count: what never passed
    its gate did not serve, so that outage ends where the stop was undone. A service that never came back was down until
    its host's last word. New services have no outage.
    """
    found: dict[Key, float] = {}
    running: dict[str, _Transaction] = {}
    for event in events:
        if event.phase != "cutover":
            continue
        if event.event == "start":
            moves: dict[str, list[Any]] = event.data.get("moves") or {}
            running[event.host] = _Transaction({name: bool(before) for name, (before, _) in moves.items()})
        elif event.host in running and event.event == "progress":
            _take(running[event.host], event)
        elif event.host in running and event.event in ("done", "failed"):
            _close(found, event.host, running.pop(event.host))
    for host, transaction in running.items():
        _close(found, host, transaction)
    by_host: dict[str, dict[str, float]] = {}
    for (host, service), seconds in found.items():
        by_host.setdefault(host, {})[service] = round(seconds, 3)
    return by_host


def _take(transaction: _Transaction, event: Event) -> None:
    what, at = event.data["what"], datetime.fromisoformat(event.data["at"])
    transaction.last = at
    if what == "failed":
        transaction.up.clear()
    for service in transaction.ran_before:
        if event.step.endswith(f"start-{service}"):
            if what == "done":
                transaction.up[service] = at
        elif event.step.endswith(f"stop-{service}"):
            if what == "doing":
                transaction.down[service] = at
            elif what == "undo-done":
                transaction.up[service] = at


def _close(found: dict[Key, float], host: str, transaction: _Transaction) -> None:
    for service, since in transaction.down.items():
        until = transaction.up.get(service) or transaction.last or since
        if transaction.ran_before[service]:
            found[host, service] = found.get((host, service), 0.0) + (until - since).total_seconds()
