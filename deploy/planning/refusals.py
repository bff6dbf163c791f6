"""Why a deploy may not run, and what its operator should know."""

from collections.abc import Mapping

from deploy.model.desired import DesiredHost, DesiredService
from deploy.model.facts import HostFacts
from deploy.model.problem import Problem
from deploy.model.step import Step
from deploy.planning import market, preflight
from deploy.planning.compatibility import deploy_problems
from deploy.planning.goal import goal_of
from deploy.planning.order import groups_of
from deploy.planning.request import PlanInput
from deploy.planning.running import revision_fact, serving
from deploy.planning.scope import unanswered, unknown_hosts
from deploy.planning.supply import end_of_life, supply_problems
from deploy.planning.writers import homes, single_writer_problems


def deploy_refusals(
    request: PlanInput, facts: Mapping[str, HostFacts], staged: Mapping[str, tuple[Step, ...]]
) -> tuple[Problem, ...]:
    """All reasons at once, those of the environment first. `facts`, `staged`: of the chosen hosts that answered."""
    names = [item.host.name for item in request.desired]
    found = [
        *unknown_hosts(request.options.limit, names, "--limit"),
        *unanswered(request.snapshots, [item.host.name for item in request.chosen]),
        *_environment(request),
        *single_writer_problems(
            request.catalogue,
            homes({item.host.name: [service.slug for service in item.services] for item in request.desired}),
            {name: request.snapshots.get(name) for name in names},
            request.environment,
        ),
    ]
    for item in request.chosen:
        if (fact := facts.get(item.host.name)) is not None:
            found += _host(request, item, fact, staged[fact.host])
    return tuple(dict.fromkeys(found))


def deploy_warnings(request: PlanInput, facts: Mapping[str, HostFacts]) -> tuple[Problem, ...]:
    """What stops nothing: ended support where it isn't enforced, services that stay though nobody placed them."""
    _, found = end_of_life(request.catalogue, request.environment, request.chosen, request.now.date())
    warnings = list(found)
    for item in request.chosen:
        if (fact := facts.get(item.host.name)) is not None:
            warnings += [
                *preflight.warnings(fact),
                *_unplaced(request, item, fact),
                *_irreversible(request, item, fact),
            ]
    return tuple(dict.fromkeys(warnings))


def _environment(request: PlanInput) -> list[Problem]:
    catalogue, environment = request.catalogue, request.environment
    ended, _ = end_of_life(catalogue, environment, request.chosen, request.now.date())
    attestation = [request.attestation] if request.attestation is not None else []
    blocked = market.blocked(catalogue.calendar, environment, request.now)
    return [*attestation, *blocked, *_containers(request), *_mixed_domains(request), *ended]


def _containers(request: PlanInput) -> list[Problem]:
    if not request.release.containers:
        return []
    what = f"it holds containers: {', '.join(sorted(request.release.containers))}"
    fix = "build the release without containers; this version deploys Windows services only"
    return [Problem("containers-unsupported", f"release {request.release.name}", what, "Windows services only", fix)]


def _mixed_domains(request: PlanInput) -> list[Problem]:
    return [
        Problem(
            "mixed-failure-domains",
            "system.toml",
            f"{', '.join(group.slugs)} restart together but belong to {' and '.join(group.failure_domains)}",
            "one failure domain for services that restart together",
            "give them the same failure_domain",
        )
        for group in groups_of(request.catalogue.service)
        if len(group.failure_domains) > 1
    ]


def _host(request: PlanInput, item: DesiredHost, fact: HostFacts, steps: tuple[Step, ...]) -> list[Problem]:
    root, asked_at = request.catalogue.root, request.asked_at.get(fact.host)
    found = [*preflight.host_problems(fact, request.catalogue.host, steps, asked_at, request.environment)]
    found += supply_problems(item, fact, request.release)
    for service in item.services:
        found += deploy_problems(root, fact, goal_of(root, service))
        found += _damaged(root, fact, service)
    return found


def _damaged(root: str, fact: HostFacts, service: DesiredService) -> list[Problem]:
    """A revision that serves can't be made anew under its process; one that doesn't serve is, by staging."""
    revision = service.revision
    held = revision_fact(fact, revision.service, revision.name)
    if held is None or not held.damaged or serving(root, fact, revision.service) != revision.name:
        return []
    what = f"{revision.service} runs {revision.name}, of which {', '.join(held.damaged)} changed since it was staged"
    fix = "invoke rollback, then deploy this release again: its folder is made anew while it does not serve"
    return [Problem("revision-damaged", fact.host, what, "files as released", fix)]


def _unplaced(request: PlanInput, item: DesiredHost, fact: HostFacts) -> list[Problem]:
    placed = {service.revision.service for service in item.services}
    ours = {service.name for service in request.catalogue.service.values() if service.kind == "windows"} - placed
    return [
        Problem(
            "not-placed",
            fact.host,
            f"{name} serves here, though the inventory doesn't place it here",
            "",
            f"on {fact.host}: sc.exe config {name} start= disabled, then sc.exe stop {name}",
        )
        for name in sorted(ours)
        if serving(request.catalogue.root, fact, name) is not None
    ]


def _irreversible(request: PlanInput, item: DesiredHost, fact: HostFacts) -> list[Problem]:
    return [
        Problem(
            "irreversible",
            fact.host,
            f"{service.revision.service} {service.revision.version} can't be rolled back once it ran",
            "",
            "make sure that a backup exists",
        )
        for service in item.services
        if not service.revision.reversible
        and serving(request.catalogue.root, fact, service.revision.service) != service.revision.name
    ]
