"""A plan as the JSON document of `plan --json`, and as lines for people."""

from typing import Any

from deploy.model.plan import HostWave, Move, Plan
from deploy.model.problem import Problem
from deploy.model.step import Step

SCHEMA = "plan/1"
_COUNTED = {"folder": ("dir.ensure",), "archive": ("file.fetch", "file.put")}


def plan_document(plan: Plan) -> dict[str, Any]:
    """The document; no bytes, no secret: steps by id, verb, service and reason only."""
    return {
        "schema": SCHEMA,
        "env": plan.environment,
        "kind": plan.kind,
        "release": plan.release,
        "previous": plan.previous,
        "hash": plan.hash,
        "changes": plan.changes,
        "limited": plan.limited,
        "refusals": [_problem(item) for item in plan.refusals],
        "warnings": [_problem(item) for item in plan.warnings],
        "hosts": [
            {"name": host.host, "steps": [_step(step) for step in steps_of(plan, host.host)]} for host in plan.hosts
        ],
        "waves": [
            {
                "number": wave.number,
                "services": list(wave.services),
                "failure_domain": wave.failure_domain,
                "batches": [[item.host for item in batch] for batch in wave.batches],
            }
            for wave in plan.waves
        ],
        "moves": [
            {
                "host": item.host,
                "service": move.service,
                "before": move.before,
                "after": move.after,
                "diff": list(move.diff),
            }
            for item in transactions(plan)
            for move in item.moves
        ],
    }


def plan_lines(plan: Plan) -> list[str]:
    """The plan for a terminal of 80 columns: what moves first, then steps counted by kind, then why it may not run."""
    lines = [_headline(plan)]
    for host in plan.hosts:
        mine = [item for item in transactions(plan) if item.host == host.host]
        if host.stage or mine:
            lines += ["", f"{host.host}", *_staged(host.stage)]
            lines += [line for item in mine for line in _transaction(item)]
    quiet = [host.host for host in plan.hosts if not steps_of(plan, host.host)]
    if quiet and plan.changes:
        lines += ["", f"unchanged: {', '.join(quiet)}"]
    for kind, problems in (("warning", plan.warnings), ("refused", plan.refusals)):
        lines += [line for problem in problems for line in ("", *problem_lines(kind, problem))]
    return [*lines, "", f"plan {plan.short_hash}"]


def problem_lines(kind: str, problem: Problem) -> list[str]:
    """A problem in its four parts, one a line."""
    lines = [f"{kind}: {problem.where}: {problem.what}  [{problem.code}]"]
    if problem.expected:
        lines.append(f"  expected: {problem.expected}")
    if problem.next:
        lines.append(f"  next: {problem.next}")
    return lines


def transactions(plan: Plan) -> list[HostWave]:
    """All transactions in the order in which they run."""
    return [item for wave in plan.waves for batch in wave.batches for item in batch]


def steps_of(plan: Plan, host: str) -> list[Step]:
    """A host's steps that change something: staging, then its transactions."""
    staged = [step for item in plan.hosts if item.host == host for step in item.stage]
    return staged + [step for item in transactions(plan) if item.host == host for step in item.steps]


def _headline(plan: Plan) -> str:
    came = f" (now {plan.previous})" if plan.previous and plan.previous != plan.release else ""
    what = f"{plan.kind} {plan.release} to {plan.environment}{came}"
    limited = ", limited" if plan.limited else ""
    if not plan.changes:
        return f"{what}{limited}: nothing to do"
    hosts = sum(1 for host in plan.hosts if steps_of(plan, host.host))
    return f"{what}{limited}: {_count(plan.changes, 'step')} on {_count(hosts, 'host')}"


def _staged(steps: tuple[Step, ...]) -> list[str]:
    """Folders and archives are counted; what they are for has a line of its own."""
    counts = ((_count(sum(step.verb in verbs for step in steps), noun), verbs) for noun, verbs in _COUNTED.items())
    lines = [f"  stage   {text}" for text, verbs in counts if any(step.verb in verbs for step in steps)]
    uncounted = {verb for verbs in _COUNTED.values() for verb in verbs}
    return lines + [f"  stage   {_subject(step)}{step.reason}" for step in steps if step.verb not in uncounted]


def _subject(step: Step) -> str:
    name = step.service or step.args.get("name")
    return f"{name}: " if name else ""


def _transaction(item: HostWave) -> list[str]:
    width = max((len(move.service) for move in item.moves), default=0)
    lines = []
    for move in item.moves:
        lines += [f"  wave {item.wave + 1}  {move.service:<{width}}  {_change(move)}"]
        lines += [f"          {line}" for line in move.diff]
    return lines


def _change(move: Move) -> str:
    if move.before == move.after:
        return f"{move.after}, started anew"
    return f"{move.before or 'new'} → {move.after or 'stopped'}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _problem(problem: Problem) -> dict[str, str]:
    return {
        "code": problem.code,
        "where": problem.where,
        "what": problem.what,
        "expected": problem.expected,
        "next": problem.next,
    }


def _step(step: Step) -> dict[str, str]:
    return {"id": step.id, "verb": step.verb, "service": step.service, "reason": step.reason}
