"""Back to one release: what a failed rollout had already changed in a failure domain is undone, last wave first."""

from collections.abc import Collection, Mapping

from deploy.model.catalogue import Catalogue
from deploy.model.facts import HostFacts
from deploy.model.plan import HostWave, Plan, Wave
from deploy.model.problem import Problem
from deploy.planning.batch import batches
from deploy.planning.cutover import transaction_steps
from deploy.planning.goal import Parked, Wanted
from deploy.planning.needs import needs
from deploy.planning.order import groups_of, together
from deploy.planning.returning import Secrets, goal_behind

PREFIX = "back-"


def converge(
    plan: Plan,
    committed: Collection[HostWave],
    facts: Mapping[str, HostFacts],
    catalogue: Catalogue,
    secrets: Secrets,
) -> tuple[tuple[Wave, ...], tuple[Problem, ...]]:
    """Waves that bring services back to what they ran before the plan, and what stands against it.

    `committed`: the transactions of `plan` to take back, those of the failed domains; one that was undone serves the
    old release already. `facts` are fresh. A host without facts is a problem, and is left alone. Waves run in the given
    order; the hosts of one go together, a single writer has only one.
    """
    waves: list[Wave] = []
    problems: list[Problem] = []
    for wave in reversed(plan.waves):
        items = []
        for item in (item for item in committed if item.wave == wave.number):
            if item.host not in facts:
                problems.append(_silent(item.host, wave))
                continue
            back, found = _back(item, len(waves), facts[item.host], catalogue, secrets)
            problems += found
            if back.steps:
                items.append(back)
        if items:
            size = len(items)
            waves.append(Wave(len(waves), wave.services, wave.failure_domain, batches(items, size), size))
    return tuple(waves), tuple(problems)


def _silent(host: str, wave: Wave) -> Problem:
    what = f"{', '.join(wave.services)} could not be brought back: no facts"
    return Problem("host-not-asked", host, what, "an answer", "once it answers, deploy or roll back again")


def _back(
    item: HostWave, number: int, facts: HostFacts, catalogue: Catalogue, secrets: Secrets
) -> tuple[HostWave, list[Problem]]:
    slugs = {service.name: slug for slug, service in catalogue.service.items()}
    wanted: dict[str, Wanted] = {}
    problems: list[Problem] = []
    for move in item.moves:
        slug = slugs.get(move.service, move.service)
        if move.before is None:
            wanted[slug] = Parked(slug, move.service)
            continue
        goal = goal_behind(catalogue.root, facts, slug, (move.service, move.before), secrets)
        if isinstance(goal, Problem):
            problems.append(goal)
        else:
            wanted[slug] = goal
    reasons = {slug: needs(catalogue.root, facts, goal) for slug, goal in wanted.items()}
    changed = frozenset(slug for slug, why in reasons.items() if why)
    touched = together(changed, frozenset(wanted), catalogue.service)
    ordered = [slug for group in groups_of(catalogue.service) for slug in group.slugs if slug in touched]
    why = "its failure domain returns to the release that ran before"
    steps, moves = transaction_steps(catalogue.root, facts, [(wanted[slug], why) for slug in ordered], prefix=PREFIX)
    return HostWave(item.host, number, steps, moves), problems
