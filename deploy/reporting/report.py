"""The run report as data: pure, from the plan, the events and the end."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from deploy.model.check import Check
from deploy.model.plan import Plan
from deploy.model.problem import Problem
from deploy.model.run import EXIT_OF, Event, Outcome
from deploy.reporting.outage import outages
from deploy.reporting.standing import Standing, standings

SCHEMA = "report/1"


@dataclass(frozen=True, slots=True)
class RunInfo:
    """Who ran what; `reason` is the operator's own, for a rollback without a host. Times: UTC, ISO 8601."""

    run: str
    kind: str
    environment: str
    who: str
    started: str
    ended: str
    reason: str = ""


def build_report(
    info: RunInfo,
    plan: Plan,
    outcome: Outcome,
    problems: Iterable[Problem],
    events: Iterable[Event],
    checks: Iterable[Check],
    requests: Mapping[str, Mapping[str, int]],
) -> dict[str, Any]:
    """report.json. The page embeds exactly this."""
    told = list(events)
    stand = standings(plan, outcome, told)
    return {
        "schema": SCHEMA,
        "env": info.environment,
        **{key: value for key, value in asdict(info).items() if key != "environment"},
        "outcome": str(outcome),
        "exit": int(EXIT_OF[outcome]),
        "from": plan.previous,
        "to": plan.release,
        "limited": plan.limited,
        "plan": {"hash": plan.hash, "changes": plan.changes},
        "hosts": [host.host for host in plan.hosts],
        "moves": _moves(plan),
        "stage": [
            {"host": host.host, "id": step.id, "reason": step.reason} for host in plan.hosts for step in host.stage
        ],
        "standing": [asdict(item) for item in stand],
        "warnings": [asdict(problem) for problem in plan.warnings],
        "problems": [asdict(problem) for problem in problems],
        "checks": [asdict(check) for check in checks],
        "requests": {host: dict(phases) for host, phases in requests.items()},
        "outage_s": outages(told),
        "undo": undo_of(info, plan, outcome, stand),
        "events": [asdict(event) for event in told],
    }


def undo_of(info: RunInfo, plan: Plan, outcome: Outcome, stand: Iterable[Standing]) -> str:
    """The command that takes the run back, "" when there is nothing that it could take back.

    A rollback marks what it left as bad, so that another rollback would go back one further: it is undone by a deploy.
    """
    moved = any(item.state != "old" for item in stand)
    if not moved or not plan.previous or outcome in (Outcome.STUCK, Outcome.UNKNOWN):
        return ""
    if info.kind == "rollback":
        return f"invoke deploy --env {info.environment} --release {plan.previous}"
    attested = outcome is Outcome.COMMITTED and not plan.limited
    return f"invoke rollback --env {info.environment}" + ("" if attested else f" --to {plan.previous}")


def _moves(plan: Plan) -> list[dict[str, Any]]:
    return [
        {"host": item.host, "wave": item.wave, **asdict(move), "diff": list(move.diff)}
        for wave in plan.waves
        for batch in wave.batches
        for item in batch
        for move in item.moves
    ]
