"""Reports of those runs, one of each kind that a person gets to see."""

from collections.abc import Iterable
from typing import Any

from deploy.model.check import Check
from deploy.model.plan import Plan
from deploy.model.problem import Problem
from deploy.model.run import Event, Outcome
from deploy.reporting.report import RunInfo, build_report
from tests.unit.reporting.story import (
    BEGIN,
    DATA,
    GATEWAY,
    RUN,
    STUCK,
    UNHEALTHY,
    committed_events,
    plan,
    stamp,
    stuck_events,
    transactions,
    undone_events,
)

FLEET = (
    (DATA, tuple(f"prod-trade-{number:02d}" for number in range(1, 61))),
    (GATEWAY, tuple(f"prod-gw-{number:02d}" for number in range(1, 41))),
)


def checks(of: Plan, *failed: str) -> list[Check]:
    names = ("revision", "running", "process", "registration", "recovery_actions", "files", "health", "port", "secrets")
    return [
        Check(item.host, f"{name}[{each.service}]", "failed", "nothing listens on 127.0.0.1:5055")
        if name in failed
        else Check(item.host, f"{name}[{each.service}]", "passed")
        for item in transactions(of)
        for each in item.moves
        for name in names
    ]


def report(
    of: Plan,
    outcome: Outcome,
    events: list[Event],
    problems: Iterable[Problem] = (),
    found: Iterable[Check] = (),
    kind: str = "deploy",
) -> dict[str, Any]:
    ended = events[-1].ts if events else stamp(BEGIN)
    info = RunInfo(RUN, kind, of.environment, "ana@ops-01", stamp(BEGIN), ended)
    requests = {host.host: {"plan": 3, "lock": 1, "stage": 6, "cutover": 2, "verify": 2} for host in of.hosts}
    return build_report(info, of, outcome, problems, events, found, requests)


WARNING = Problem(
    "runtime-eol",
    "runtime dotnet 8.0.30",
    "support ended on 2026-11-10",
    "",
    "plan its successor; the waiver ends 2026-12-31",
)
MARKET_OPEN = Problem(
    "market-hours", "prod", "the market is open until 18:00 America/Sao_Paulo", "a moment outside 9:00 to 18:00",
    "invoke deploy --env prod --release 1.4.2 after 18:00; a rollback is never refused",
)  # fmt: skip


def reports() -> dict[str, dict[str, Any]]:
    """One of each kind that a person gets to see, by name."""
    full = plan(warnings=(WARNING,))
    refused = plan(refusals=(MARKET_OPEN,))
    fleet = plan(FLEET)
    return {
        "committed": report(full, Outcome.COMMITTED, committed_events(full), (), checks(full)),
        "undone": report(full, Outcome.UNDONE, undone_events(full), (UNHEALTHY,), checks(full)),
        "stuck": report(full, Outcome.STUCK, stuck_events(full), (STUCK,), checks(full, "port")),
        "refused": report(refused, Outcome.REFUSED, [], (MARKET_OPEN,)),
        "unchanged": report(plan((), previous="1.4.2"), Outcome.UNCHANGED, []),
        "fleet": report(fleet, Outcome.COMMITTED, committed_events(fleet), (), checks(fleet)),
    }
