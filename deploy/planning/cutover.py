"""The transaction of one host and wave: dependents stop first, dependencies start first."""

from collections.abc import Sequence
from typing import Any

from deploy.model.facts import HostFacts
from deploy.model.plan import Move
from deploy.model.revision import Definition
from deploy.model.step import Blob, Step
from deploy.planning import paths
from deploy.planning.diff import move_diff
from deploy.planning.goal import Goal, Parked, Wanted, port_args, probe_args
from deploy.planning.needs import changed_secrets
from deploy.planning.registration import configure_args, create_args, differences
from deploy.planning.running import answers, running, serving

INTERVAL_S = 0.25
SETTLE_S = 1.0
"""How long a drain without a field to wait for is given."""
DEFAULT_STOP_S = 45.0


def transaction_steps(
    root: str, facts: HostFacts, changes: Sequence[tuple[Wanted, str]], *, prefix: str = ""
) -> tuple[tuple[Step, ...], tuple[Move, ...]]:
    """Steps and moves for services of one wave.

    `changes`: what each service is to become and why, dependencies before dependents. `prefix` keeps step ids apart
    from those of another transaction of the same run.
    """
    down = [step for wanted, why in reversed(changes) for step in _down(root, facts, wanted, why)]
    up = [step for wanted, why in changes for step in _up(root, facts, wanted, why)]
    steps = tuple(_renamed(step, prefix) for step in (*down, *up))
    return steps, tuple(_move(root, facts, wanted) for wanted, _ in changes)


def _down(root: str, facts: HostFacts, wanted: Wanted, why: str) -> list[Step]:
    service, fact = wanted.service, facts.services.get(wanted.service)
    now = running(root, facts, service)
    current = now.revision.definition if now and now.revision else None
    steps = []
    if fact is not None and answers(fact) and current is not None and current.drain is not None:
        steps.append(_drain(service, current))
    # What runs now is stopped, so its own definition says how; a foreign one is stopped as its successor would be.
    definition = current or (wanted.definition if isinstance(wanted, Goal) else None)
    args = {
        "name": service,
        "ports": port_args(definition.ports) if definition else [],
        "on_timeout": definition.on_stop_timeout if definition else "stuck",
    }
    stop_s = definition.stop_s if definition else DEFAULT_STOP_S
    steps.append(Step(f"stop-{service}", "service.stop", args, why, service, _found(facts, wanted), stop_s))
    return steps


def _drain(service: str, definition: Definition) -> Step:
    drain = definition.drain
    assert drain is not None
    done = {"url": drain.done_url, "field": drain.done_field, "equals": drain.done_equals} if drain.done_field else None
    args = {
        "name": service,
        "url": drain.url,
        "done": done,
        "undo_url": drain.undo_url,
        "settle_s": 0.0 if done else min(SETTLE_S, definition.drain_s),
    }
    reason = "it finishes its work before it is stopped"
    return Step(f"drain-{service}", "service.drain", args, reason, service, deadline_s=definition.drain_s)


def _up(root: str, facts: HostFacts, wanted: Wanted, why: str) -> list[Step]:
    service = wanted.service
    if isinstance(wanted, Parked):
        return [_start_type(service, "disabled", why)]
    definition = wanted.definition
    start = {"name": service, "ports": port_args(definition.ports), "on_timeout": definition.on_stop_timeout}
    healthy = {
        "name": service,
        "folder": wanted.folder,
        "manifest_sha256": wanted.manifest_sha256,
        "probe": probe_args(wanted.probe),
        "min_healthy_s": definition.min_healthy_s,
        "interval_s": INTERVAL_S,
    }
    gate = f"healthy for {definition.min_healthy_s:g} s at {wanted.name}"
    return [
        *_secrets(root, facts, wanted),
        *_configure(facts, wanted),
        _start_type(service, wanted.registration.start, "stopping disabled it"),
        Step(f"start-{service}", "service.start", start, why, service, deadline_s=definition.start_s),
        Step(f"healthy-{service}", "service.healthy", healthy, gate, service, deadline_s=definition.healthy_s),
    ]


def _secrets(root: str, facts: HostFacts, goal: Goal) -> list[Step]:
    # Every planned value is put before a start, changed or not: between plan and start somebody may have touched it.
    reasons = " ".join(changed_secrets(facts, goal))
    steps = []
    for secret in goal.secrets:
        path = paths.secret(root, goal.service, secret.name)
        data = Blob(secret.digest, secret.value.reveal().encode())
        args = {"path": path, "data": data, "service": goal.service}
        why = f"secret {secret.name} " + (
            "changes" if f"secret {secret.name} " in reasons else "is put before the start"
        )
        steps.append(Step(f"secret-{goal.service}-{secret.name}", "secret.put", args, why, goal.service))
    return steps


def _configure(facts: HostFacts, goal: Goal) -> list[Step]:
    fact = facts.services.get(goal.service)
    live = fact.registration if fact else None
    names = [name for name, *_ in differences(goal.registration, live) if name != "start"] if live else ["new service"]
    if not names:
        return []
    args = configure_args(goal.service, goal.registration)
    reason = f"registration: {', '.join(names)}"
    return [Step(f"configure-{goal.service}", "service.configure", args, reason, goal.service, _found(facts, goal))]


def _start_type(service: str, start: str, why: str) -> Step:
    return Step(f"start-type-{service}", "service.start_type", {"name": service, "start": start}, why, service)


def _found(facts: HostFacts, wanted: Wanted) -> dict[str, Any]:
    """What the registration must be when the transaction begins: what the plan saw, or what staging creates."""
    fact = facts.services.get(wanted.service)
    if fact is not None and fact.registration is not None:
        return {"exists": True, "image_path": fact.registration.image_path}
    assert isinstance(wanted, Goal)
    return {"exists": True, "image_path": create_args(wanted.service, wanted.registration)["image_path"]}


def _renamed(step: Step, prefix: str) -> Step:
    return Step(prefix + step.id, step.verb, step.args, step.reason, step.service, step.expect, step.deadline_s)


def _move(root: str, facts: HostFacts, wanted: Wanted) -> Move:
    after = wanted.name if isinstance(wanted, Goal) else None
    return Move(wanted.service, serving(root, facts, wanted.service), after, move_diff(root, facts, wanted))
