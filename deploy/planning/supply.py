"""Whether everything that a host should run can be had: revisions, runtimes, and how long those are supported."""

from collections.abc import Sequence
from datetime import date

from deploy.model.catalogue import Catalogue, Runtime
from deploy.model.desired import DesiredHost
from deploy.model.facts import HostFacts
from deploy.model.problem import Problem
from deploy.model.release import Release
from deploy.planning.running import revision_fact


def supply_problems(desired: DesiredHost, facts: HostFacts, release: Release) -> tuple[Problem, ...]:
    """What neither the host nor the store has."""
    problems = []
    host = facts.host
    archives = {(item.name, item.version): item.archive for item in desired.runtimes}
    for service in desired.services:
        revision = service.revision
        fact = revision_fact(facts, revision.service, revision.name)
        if service.archive is None and not (fact is not None and fact.complete):
            what = f"artifact {revision.artifact} {revision.version} of {revision.service} is neither here nor stored"
            fix = f"invoke release.build, or put {release.name} back into the store"
            problems.append(Problem("artifact-missing", host, what, "its archive in the store", fix))
        if revision.runtime is not None and revision.runtime_version is not None:
            needed = (revision.runtime, revision.runtime_version)
            if needed not in facts.runtimes and archives.get(needed) is None:
                what = f"runtime {' '.join(needed)} of {revision.service} is neither here nor in the store"
                fix = "put its archive into the store: invoke release.runtime --archive FILE"
                problems.append(Problem("runtime-missing", host, what, "an offline archive", fix))
    return tuple(dict.fromkeys(problems))


def end_of_life(
    catalogue: Catalogue, environment: str, desired: Sequence[DesiredHost], today: date
) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """Refusals and warnings for runtimes past their support; a waiver that counts makes a warning of a refusal."""
    used = {
        (item.revision.runtime, item.revision.runtime_version): item.revision.service
        for host in desired
        for item in host.services
    }
    refusals: list[Problem] = []
    warned: list[Problem] = []
    for runtime in catalogue.runtime:
        if (runtime.name, runtime.version) not in used or today <= runtime.eol:
            continue
        waiver = catalogue.waived(runtime, environment, today)
        problem = _ended(runtime, waiver.owner if waiver else None)
        enforced = environment in catalogue.eol_enforced_in and waiver is None
        (refusals if enforced else warned).append(problem)
    return tuple(refusals), tuple(warned)


def _ended(runtime: Runtime, owner: str | None) -> Problem:
    where = f"{runtime.name} {runtime.version}"
    what = f"its support ended on {runtime.eol.isoformat()}" + (f"; {owner} answers for it" if owner else "")
    fix = "move to a supported version, or add a [[waiver]] with owner and end to inventories/system.toml"
    return Problem("runtime-end-of-life", where, what, "a supported runtime", fix)
