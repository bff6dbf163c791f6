"""Drift: where a host is no longer as its attested release left it, because somebody changed it by hand."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.model.facts import HostFacts, Registration, ServiceFact, Snapshot
from deploy.model.revision import UNMANAGED
from deploy.planning.goal import Goal, revision_goal
from deploy.planning.paths import program, releases, revision_in, under
from deploy.planning.registration import differences
from deploy.planning.resources import rule_name
from deploy.planning.running import is_running, is_up, revision_fact


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference. `resource` names what differs, such as `registration.failure_actions` or `file app.toml`."""

    host: str
    service: str
    resource: str
    expected: str
    actual: str


def attested(facts: HostFacts) -> dict[str, str]:
    """Service → revision name of the newest release attested good on the host; {} when there is none."""
    good = [entry.revisions for entry in facts.releases if entry.status == "good"]
    return dict(good[-1]) if good else {}


def drift(
    root: str,
    expected: Mapping[str, Mapping[str, str]],
    names: Collection[str],
    snapshots: Mapping[str, Snapshot],
) -> tuple[Drift, ...]:
    """Differences host by host.

    `expected`: host → service → revision name, `attested` of each host by default. `names`: the catalogue's services.
    `snapshots` are deep facts whose request named those revisions' probes, ports and firewall rules. A host that
    couldn't be asked is one difference of resource `host`: the caller must not call it clean.
    """
    found: list[Drift] = []
    for host, revisions in expected.items():
        snapshot = snapshots.get(host)
        if not isinstance(snapshot, HostFacts):
            why = snapshot.problem.what if snapshot is not None else "not asked"
            found.append(Drift(host, "", "host", "an answer", why))
            continue
        for service, name in revisions.items():
            found += _service(root, snapshot, service, name)
        found += _foreign(root, snapshot, revisions, names)
    return tuple(found)


def _service(root: str, facts: HostFacts, service: str, name: str) -> list[Drift]:
    def drifted(resource: str, expected: Any, actual: Any) -> Drift:
        return Drift(facts.host, service, resource, str(expected), str(actual))

    fact = facts.services.get(service)
    if fact is None or fact.registration is None:
        return [drifted("registration", f"revision {name}", "not registered")]
    if name.startswith(UNMANAGED):
        adopted = facts.adopted.get(service)
        return _registration(facts.host, service, adopted.registration, fact.registration) if adopted else []
    held = revision_fact(facts, service, name)
    if held is None:
        return [drifted("revision", rf"{releases(root, service)}\{name}", "missing")]
    if held.revision is None or not held.complete:
        return [drifted("revision", "complete", "damaged")]
    goal = revision_goal(root, service, held.revision, ())
    found = [drifted(f"file {path}", "as released", "changed or missing") for path in held.damaged]
    found += _registration(facts.host, service, goal.registration, fact.registration)
    found += [drifted(*difference) for difference in _state(fact, goal)]
    found += [drifted(*difference) for difference in _secrets(facts, goal)]
    found += [drifted(*difference) for difference in _firewall(facts, goal)]
    return found


def _registration(host: str, service: str, expected: Registration, actual: Registration) -> list[Drift]:
    return [
        Drift(host, service, f"registration.{name}", _text(want), _text(have))
        for name, want, have in differences(expected, actual)
    ]


def _state(fact: ServiceFact, goal: Goal) -> list[tuple[str, str, str]]:
    if not is_running(fact):
        return [("state", "Running", fact.state)]
    found = []
    if fact.process is not None and not under(fact.process.image, goal.folder):
        found.append(("process", goal.folder, fact.process.image))
    if fact.probe is not None and not fact.probe.ok:
        found.append(("health", "healthy", fact.probe.error or f"status {fact.probe.status}"))
    return found


def _secrets(facts: HostFacts, goal: Goal) -> list[tuple[str, str, str]]:
    found = []
    for name in goal.definition.secrets:
        fact = facts.secrets.get((goal.service, name))
        if fact is None:
            continue
        if not fact.exists:
            found.append((f"secret {name}", "a protected file", "missing"))
        elif not fact.protected:
            found.append((f"secret {name}", "readable by its service only", "not protected"))
    return found


def _firewall(facts: HostFacts, goal: Goal) -> list[tuple[str, str, str]]:
    found = []
    for _, port in goal.definition.ports:
        fact = facts.firewall.get(rule_name(goal.service, port))
        if fact is None or (fact.exists and fact.enabled and fact.port == port):
            continue
        actual = "missing" if not fact.exists else f"port {fact.port}" if fact.enabled else "disabled"
        found.append((f"firewall {fact.name}", f"port {port} allowed", actual))
    return found


def _foreign(root: str, facts: HostFacts, revisions: Mapping[str, str], names: Collection[str]) -> list[Drift]:
    """Services of ours that serve though no attested release has them here, and strangers under our root."""
    found = []
    for name, fact in facts.services.items():
        if name in revisions or fact.registration is None or _parked(fact):
            continue
        ours = name in names or revision_in(root, name, fact.registration.image_path) is not None
        if ours or under(program(fact.registration.image_path), root) or name.startswith("TradingSystem-"):
            found.append(Drift(facts.host, name, "service", "not registered", fact.registration.image_path))
    return found


def _parked(fact: ServiceFact) -> bool:
    return fact.registration is not None and fact.registration.start == "disabled" and not is_up(fact)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={item}" for key, item in sorted(value.items()))
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
