"""Goals that lie behind: revisions whose folders the host still has, and what ran before us."""

from collections.abc import Mapping
from dataclasses import replace

from deploy.model.catalogue import Catalogue
from deploy.model.desired import DesiredSecret
from deploy.model.facts import HostFacts
from deploy.model.problem import Problem
from deploy.model.revision import UNMANAGED, Definition, Probe
from deploy.planning.goal import Goal, Parked, Wanted, adopted_goal, revision_goal
from deploy.planning.paths import releases
from deploy.planning.running import NOT_KEPT, revision_fact, running, serving

Secrets = Mapping[str, tuple[DesiredSecret, ...]]
"""Service → current secrets."""

CAREFUL = Definition(
    image_path="",
    display_name="",
    description="",
    account="",
    start="manual",
    depends_on=(),
    environment={},
    failure_actions="",
    failure_on_non_crash=False,
    sid_type="none",
    ports=(),
    on_stop_timeout="stuck",
    probe=Probe("process"),
    drain=None,
    secrets=(),
    drain_s=30,
    stop_s=60,
    start_s=60,
    healthy_s=60,
    min_healthy_s=10,
)
"""Deadlines for what ran before us when nothing else tells: never ended by force, judged by its process."""


def wanted_of(
    catalogue: Catalogue, facts: HostFacts, revisions: Mapping[str, str], secrets: Secrets
) -> tuple[list[Wanted], tuple[Problem, ...]]:
    """What a host is to become so that it runs `revisions` (service → name), and what stands against it.

    A service of the catalogue that serves but isn't among them came later: it is parked.
    """
    slugs = {service.name: slug for slug, service in catalogue.service.items() if service.kind == "windows"}
    wanted: list[Wanted] = []
    problems: list[Problem] = []
    for service, name in revisions.items():
        if service not in slugs:
            problems.append(_unlisted(facts.host, service, name))
            continue
        goal = goal_behind(catalogue.root, facts, slugs[service], (service, name), secrets)
        if isinstance(goal, Problem):
            problems.append(goal)
        else:
            wanted.append(goal)
            problems += _missing_secrets(facts, goal)
    later = [name for name in slugs if name not in revisions and serving(catalogue.root, facts, name) is not None]
    wanted += [Parked(slugs[name], name) for name in later if _ours(catalogue.root, facts, name)]
    return wanted, tuple(problems)


def goal_behind(root: str, facts: HostFacts, slug: str, target: tuple[str, str], secrets: Secrets) -> Goal | Problem:
    """The goal of one service's revision that the host should have; a Problem that names its folder when it hasn't."""
    service, name = target
    if name.startswith(UNMANAGED):
        adopted = facts.adopted.get(service)
        if adopted is None or name not in (adopted.revision, NOT_KEPT):
            what = f"what ran before us as {service} ({name}) was not kept"
            return Problem(
                "revision-missing", facts.host, what, rf"state\adopted\{service}.json", "choose another --to"
            )
        return adopted_goal(slug, service, adopted, _successor(root, facts, service))
    fact = revision_fact(facts, service, name)
    if fact is None or not fact.complete or fact.revision is None or fact.damaged:
        folder = rf"{releases(root, service)}\{name}"
        what = f"revision {name} of {service} is {'missing' if fact is None else 'damaged'}"
        fix = "invoke deploy with that release brings it back"
        return Problem("revision-missing", facts.host, what, f"the complete folder {folder}", fix)
    return replace(revision_goal(root, slug, fact.revision, secrets.get(service, ())), contents=fact.contents)


def _unlisted(host: str, service: str, name: str) -> Problem:
    what = f"{service}, which was at {name}, is no longer in the catalogue"
    return Problem("not-in-catalogue", host, what, "every service of the release", "put it back into system.toml")


def _successor(root: str, facts: HostFacts, service: str) -> Definition:
    """How to stop and judge what ran before us: as the revision that replaced it, else as carefully as can be."""
    now = running(root, facts, service)
    if now is not None and now.revision is not None:
        return now.revision.definition
    known = [fact.revision for fact in facts.revisions if fact.service == service and fact.revision is not None]
    return known[-1].definition if known else CAREFUL


def _missing_secrets(facts: HostFacts, goal: Goal) -> list[Problem]:
    given = {secret.name for secret in goal.secrets}
    needed = goal.revision.definition.secrets if goal.revision is not None else ()
    return [
        Problem(
            "secret-missing",
            facts.host,
            f"secret {name} of {goal.service} has no value and is not on the host",
            "a value in the settings",
            f"set it, see invoke config.show; {goal.name} needs it",
        )
        for name in needed
        if name not in given and not ((fact := facts.secrets.get((goal.service, name))) and fact.exists)
    ]


def _ours(root: str, facts: HostFacts, service: str) -> bool:
    now = running(root, facts, service)
    return now is not None and not now.unmanaged
