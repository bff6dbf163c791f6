"""The plan of a rollback: back to a release attested good, from what the hosts have; no upload."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from deploy.model.catalogue import Catalogue
from deploy.model.desired import DesiredSecret
from deploy.model.facts import HostFacts, Snapshot
from deploy.model.host import Host
from deploy.model.plan import HostPlan, Plan
from deploy.model.problem import Problem
from deploy.planning import preflight
from deploy.planning.closing import closing_steps, is_recorded
from deploy.planning.decide import decide
from deploy.planning.goal import Goal, Wanted
from deploy.planning.hash import plan_hash
from deploy.planning.pruning import REVISIONS_KEPT
from deploy.planning.records import Record, earlier, mixed, named, present, records
from deploy.planning.resources import SettlingTask
from deploy.planning.returning import wanted_of
from deploy.planning.rollback_refusals import host_refusals, mixed_releases, no_target, not_good
from deploy.planning.scope import known, unanswered, unknown_hosts
from deploy.planning.waves import Rollout, changes_on, waves_of
from deploy.planning.writers import homes, single_writer_problems

ALL_AT_ONCE = Rollout(batch="100%")
"""A rollback needs no canary: it goes where everything was already."""


@dataclass(frozen=True, slots=True)
class RollbackInput:
    """Everything that a rollback is decided from.

    `hosts`: every host of the environment. `secrets`: service → current values. `to` None: the last release attested
    good before the one that runs. `without`: host → reason why it is left out.
    """

    catalogue: Catalogue
    environment: str
    hosts: tuple[Host, ...]
    snapshots: Mapping[str, Snapshot]
    secrets: Mapping[str, tuple[DesiredSecret, ...]] = field(default_factory=dict)
    to: str | None = None
    without: Mapping[str, str] = field(default_factory=dict)
    rollout: Rollout = ALL_AT_ONCE
    revisions_kept: int = REVISIONS_KEPT


def plan_rollback(request: RollbackInput) -> Plan:
    """The plan; the release that is left is marked bad in the closing steps. Calendar and freezes don't count."""
    root = request.catalogue.root
    names = [host.name for host in request.hosts]
    chosen = [name for name in names if name not in request.without]
    facts = known(request.snapshots, chosen)
    history = records(facts)
    left = present(root, facts, history)
    refusals = _scope(request, names, chosen, facts)
    if request.to is None and mixed(root, facts, history):
        return _plan(request, "", left, (), {}, facts, (*refusals, mixed_releases(request.environment)))
    found = earlier(root, facts, history) if request.to is None else named(root, facts, history, request.to)
    if found is None:
        return _plan(request, request.to or "", left, (), {}, facts, (*refusals, *_no_target(request, history)))
    wanted = {}
    for host, fact in facts.items():
        wanted[host], problems = _wanted(request, fact, found)
        refusals += [*problems, *host_refusals(root, fact, wanted[host], request.environment)]
    if not found.good:
        refusals.append(not_good(request.environment, found.release))
    refusals += _writers(request, wanted)
    attests = any(not is_recorded(fact, found.release, _after(wanted[host])) for host, fact in facts.items())
    hosts = tuple(_host_plan(request, fact, found, left, wanted[host], attests=attests) for host, fact in facts.items())
    return _plan(request, found.release, left, hosts, wanted, facts, tuple(refusals))


def _scope(
    request: RollbackInput, names: list[str], chosen: list[str], facts: Mapping[str, HostFacts]
) -> list[Problem]:
    return [
        *unknown_hosts(tuple(request.without), names, "--without"),
        *unanswered(request.snapshots, chosen),
        *(problem for fact in facts.values() for problem in preflight.open_transactions(fact, request.environment)),
    ]


def _no_target(request: RollbackInput, history: tuple[Record, ...]) -> tuple[Problem, ...]:
    releases = tuple(dict.fromkeys(record.release for record in history if record.good))
    return (no_target(request.environment, request.to, releases),)


def _wanted(request: RollbackInput, facts: HostFacts, record: Record) -> tuple[list[Wanted], tuple[Problem, ...]]:
    revisions = record.hosts.get(facts.host)
    if revisions is None:
        what = f"release {record.release} was never attested on it"
        fix = f"leave it out: --without {facts.host} --reason …"
        return [], (Problem("release-not-on-host", facts.host, what, "a record of it", fix),)
    return wanted_of(request.catalogue, facts, revisions, request.secrets)


def _writers(request: RollbackInput, wanted: Mapping[str, list[Wanted]]) -> tuple[Problem, ...]:
    placed = homes({host: [item.slug for item in items if isinstance(item, Goal)] for host, items in wanted.items()})
    snapshots = {host.name: request.snapshots.get(host.name) for host in request.hosts}
    return single_writer_problems(request.catalogue, placed, snapshots, request.environment, request.without)


def _after(wanted: list[Wanted]) -> dict[str, str]:
    return {item.service: item.name for item in wanted if isinstance(item, Goal)}


def _host_plan(
    request: RollbackInput,
    facts: HostFacts,
    record: Record,
    left: Record | None,
    wanted: list[Wanted],
    *,
    attests: bool,
) -> HostPlan:
    root, kept = request.catalogue.root, request.revisions_kept
    after, bad = _after(wanted), None
    if left is not None and facts.host in left.hosts and left.hosts[facts.host] != after:
        bad = (left.release, left.run, left.hosts[facts.host])
    closing = closing_steps(root, facts, record.release, after, attests=attests, bad=bad, revisions_kept=kept)
    return HostPlan(facts.host, decide(SettlingTask(), facts), closing)


def _plan(
    request: RollbackInput,
    release: str,
    left: Record | None,
    hosts: tuple[HostPlan, ...],
    wanted: Mapping[str, list[Wanted]],
    facts: Mapping[str, HostFacts],
    refusals: tuple[Problem, ...],
) -> Plan:
    root, services = request.catalogue.root, request.catalogue.service
    changes = {host: changes_on(root, facts[host], items, services) for host, items in wanted.items()}
    waves = waves_of(root, services, facts, changes, request.rollout)
    limited = bool(request.without)
    return Plan(
        kind="rollback",
        environment=request.environment,
        release=release,
        previous=left.release if left is not None else None,
        hosts=hosts,
        waves=waves,
        refusals=tuple(dict.fromkeys(refusals)),
        warnings=tuple(
            Problem("left-out", host, f"it is left out: {reason}", "", "bring it back, then roll it back as well")
            for host, reason in request.without.items()
        ),
        hash=plan_hash(
            kind="rollback",
            environment=request.environment,
            release=release,
            limited=limited,
            hosts=hosts,
            waves=waves,
        ),
        limited=limited,
    )
