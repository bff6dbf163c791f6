"""The driver's port to everything that isn't a transaction, over a fleet and the planner."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from deploy.checks.runner import run_checks
from deploy.cli.fleet import Fleet
from deploy.cli.site import Site
from deploy.execution.happening import Rechecked, Verified
from deploy.model.check import Check
from deploy.model.desired import DesiredHost
from deploy.model.facts import HostFacts, Snapshot
from deploy.model.plan import HostPlan, HostWave, Plan, Wave
from deploy.model.problem import Problem
from deploy.planning.converge import converge
from deploy.planning.document import transactions
from deploy.planning.market import blocked
from deploy.planning.parity import alike
from deploy.planning.running import serving
from deploy.windows.runner import stage
from deploy.windows.terms import Terms


@dataclass
class RunSurroundings:
    """`plan_again` makes the plan from fresh snapshots; `desired` is what staging prepares (None: a rollback)."""

    site: Site
    fleet: Fleet
    plan: Plan
    plan_again: Callable[[], Plan]
    snapshots: Mapping[str, Snapshot]
    desired: tuple[DesiredHost, ...]
    checks: list[Check] = field(default_factory=list)
    terms: Terms = field(default_factory=Terms)
    """Who hears of staged steps, and when to begin no new one."""

    def recheck(self) -> Rechecked:
        """Facts of all hosts again, the plan again: its hash and refusals."""
        self.fleet.refresh()
        again = self.plan_again()
        return Rechecked(again.hash, again.refusals)

    def stage(self, hosts: tuple[HostPlan, ...]) -> dict[str, Problem | None]:
        """pyinfra's preparation on all hosts at once; a rollback's few steps are applied as they are."""
        chosen = {item.host for item in hosts}
        desired = {item.host.name: item for item in self.desired if item.host.name in chosen}
        targets = {host: self.fleet.targets[host] for host in chosen}
        catalogue = self.site.catalogue
        return stage(catalogue.root, hosts, desired, targets, self.terms, catalogue.host, self.site.environment)

    def way_back(self, committed: tuple[HostWave, ...]) -> tuple[tuple[Wave, ...], tuple[Problem, ...]]:
        """The failed domains back to what ran before, last wave first; and what stands against it."""
        self.fleet.refresh()
        facts = {name: fact for name, fact in self.fleet.ask().items() if isinstance(fact, HostFacts)}
        return converge(self.plan, committed, facts, self.site.catalogue, self.site.secrets_by_service())

    def may_begin(self) -> tuple[Problem, ...]:
        """Market hours and freezes, asked once more when everything is staged; they never block a rollback."""
        if self.plan.kind == "rollback":
            return ()
        return blocked(self.site.catalogue.calendar, self.site.environment, datetime.now(UTC))

    def verify(self, hosts: tuple[str, ...], new: frozenset[tuple[str, str]]) -> Verified:
        """testinfra's checks and parity of `hosts`: services in `new` as planned, all others as they were before."""
        self.fleet.refresh()
        self.fleet.phase("verify")
        self.fleet.want(())  # judged by what is there, not by what was to be
        root = self.site.catalogue.root
        every = expected_revisions(root, self.plan, self.snapshots, new)
        expected = {host: every[host] for host in hosts if host in every}
        snapshots = self.fleet.look_closer(deep=True)
        self.checks[:] = run_checks(self.site.project.checks, self.fleet.targets, snapshots, expected, root)
        told = [(check.service, _problem(check, self.site.environment), check.result) for check in self.checks]
        found = [(service, problem) for service, problem, result in told if result == "failed"]
        unsaid = [problem for _, problem, result in told if result == "unknown"]
        different = alike(root, {host: snapshots[host] for host in expected}) if self._whole(new) else ()
        domains = {item.name: item.failure_domain for item in self.site.catalogue.service.values()}
        failed = {domains[service] for service, _ in found if service in domains}
        failed |= {domains[problem.where] for problem in different if problem.where in domains}
        return Verified((*(problem for _, problem in found), *different, *unsaid), frozenset(failed))

    def _whole(self, new: frozenset[tuple[str, str]]) -> bool:
        """Whether all that was planned stands: only then must hosts be alike."""
        moves = {(item.host, move.service) for item in transactions(self.plan) for move in item.moves}
        return not self.plan.limited and new == moves


def expected_revisions(
    root: str, plan: Plan, snapshots: Mapping[str, Snapshot], new: frozenset[tuple[str, str]]
) -> dict[str, dict[str, str]]:
    """Host → service → revision that must serve: the planned one for what is in `new`, else the one that served."""
    planned = {
        (item.host, move.service): move.after
        for item in transactions(plan)
        for move in item.moves
        if (item.host, move.service) in new
    }
    found: dict[str, dict[str, str]] = {}
    for host in plan.hosts:
        snapshot = snapshots.get(host.host)
        if not isinstance(snapshot, HostFacts):
            continue
        before = {name: serving(root, snapshot, name) for name in snapshot.services}
        then = {service: planned.get((host.host, service), name) for service, name in before.items()}
        found[host.host] = {service: name for service, name in then.items() if name is not None}
    return found


def _problem(check: Check, environment: str) -> Problem:
    return Problem("check-failed", check.host, f"{check.name}: {check.detail}", "", f"invoke drift --env {environment}")
