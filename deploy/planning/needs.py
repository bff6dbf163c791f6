"""Why a service must be touched: the reasons, in people's words; none means that it is as it should be."""

from deploy.model.facts import HostFacts, ServiceFact
from deploy.planning.goal import Goal, Parked, Wanted
from deploy.planning.paths import under
from deploy.planning.registration import differences
from deploy.planning.running import Running, is_running, is_up, running


def needs(root: str, facts: HostFacts, wanted: Wanted) -> tuple[str, ...]:
    """Reasons to touch the service; () when it serves as wanted.

    A stopped or unhealthy service whose revision is right is started anew: a deploy ends with everything serving.
    """
    now = running(root, facts, wanted.service)
    if isinstance(wanted, Parked):
        return () if now is None or now.parked else ("it is not part of the release",)
    if now is None:
        return (f"new service at {wanted.name}",)
    fact = facts.services[wanted.service]
    return (
        *_revision(now, wanted),
        *_registration(fact, wanted),
        *changed_secrets(facts, wanted),
        *_health(fact, wanted),
    )


def changed_secrets(facts: HostFacts, goal: Goal) -> tuple[str, ...]:
    """One reason for each secret that is not on the host as planned; values are compared by keyed digest."""
    reasons = []
    for secret in goal.secrets:
        fact = facts.secrets.get((goal.service, secret.name))
        if fact is None or not fact.exists:
            reasons.append(f"secret {secret.name} is missing")
        elif fact.digest != secret.digest:
            reasons.append(f"secret {secret.name} changed")
        elif not fact.protected:
            reasons.append(f"secret {secret.name} is not protected")
    return tuple(reasons)


def _revision(now: Running, goal: Goal) -> tuple[str, ...]:
    if now.name == goal.name:
        return ()
    return (f"new service at {goal.name}",) if now.parked else (f"{now.name} → {goal.name}",)


def _registration(fact: ServiceFact, goal: Goal) -> tuple[str, ...]:
    assert fact.registration is not None
    names = [name for name, *_ in differences(goal.registration, fact.registration)]
    return (f"registration differs: {', '.join(names)}",) if names else ()


def _health(fact: ServiceFact, goal: Goal) -> tuple[str, ...]:
    if not is_running(fact):
        return (f"it is {fact.state}" if is_up(fact) else "it is stopped",)
    if fact.process is not None and not under(fact.process.image, goal.folder):
        return (f"another program runs: {fact.process.image}",)
    return ("its health probe fails",) if fact.probe is not None and not fact.probe.ok else ()
