"""The plan of a deploy: what is staged, what is cut over, and in which order."""

from collections.abc import Mapping

from deploy.model.desired import DesiredHost
from deploy.model.facts import HostFacts
from deploy.model.plan import HostPlan, Plan, Wave
from deploy.model.step import Step
from deploy.planning.closing import closing_steps, is_recorded
from deploy.planning.decide import cached_archives, stage
from deploy.planning.goal import goal_of
from deploy.planning.hash import plan_hash
from deploy.planning.records import present, records
from deploy.planning.refusals import deploy_refusals, deploy_warnings
from deploy.planning.request import PlanInput
from deploy.planning.scope import known
from deploy.planning.waves import Rollout, changes_on, waves_of


def plan_deploy(request: PlanInput) -> Plan:
    """The plan; one with refusals is for reading only and must not be run. UsageError for a wrong batch size."""
    root, limited = request.catalogue.root, bool(request.options.limit)
    chosen = request.chosen
    facts = known(request.snapshots, [item.host.name for item in chosen])
    planned = [item for item in chosen if item.host.name in facts]
    staged = {item.host.name: stage(root, item, facts[item.host.name]) for item in planned}
    attests = not limited and any(
        not is_recorded(facts[item.host.name], request.release.name, _after(item)) for item in planned
    )
    hosts = tuple(
        _host_plan(request, item, facts[item.host.name], staged[item.host.name], attests=attests) for item in planned
    )
    waves = _waves(request, planned, facts)
    before = present(root, facts, records(facts))
    return Plan(
        kind="deploy",
        environment=request.environment,
        release=request.release.name,
        previous=before.release if before is not None else None,
        hosts=hosts,
        waves=waves,
        refusals=deploy_refusals(request, facts, staged),
        warnings=deploy_warnings(request, facts),
        hash=plan_hash(
            kind="deploy",
            environment=request.environment,
            release=request.release.name,
            limited=limited,
            hosts=hosts,
            waves=waves,
        ),
        limited=limited,
    )


def _after(desired: DesiredHost) -> dict[str, str]:
    return {item.revision.service: item.revision.name for item in desired.services}


def _host_plan(
    request: PlanInput, desired: DesiredHost, facts: HostFacts, steps: tuple[Step, ...], *, attests: bool
) -> HostPlan:
    root, after = request.catalogue.root, _after(desired)
    archives = cached_archives(root, desired, facts, steps)
    kept = request.options.revisions_kept
    closing = closing_steps(
        root, facts, request.release.name, after, attests=attests, archives=archives, revisions_kept=kept
    )
    return HostPlan(desired.host.name, steps, closing)


def _waves(request: PlanInput, planned: list[DesiredHost], facts: Mapping[str, HostFacts]) -> tuple[Wave, ...]:
    root, services = request.catalogue.root, request.catalogue.service
    changes = {}
    for item in planned:
        goals = [goal_of(root, service) for service in item.services]
        changes[item.host.name] = changes_on(root, facts[item.host.name], goals, services)
    rollout = Rollout(request.options.batch, request.options.max_failures)
    return waves_of(root, services, facts, changes, rollout)
