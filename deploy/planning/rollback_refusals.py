"""Why a rollback can't go where it is asked to go."""

from collections.abc import Sequence

from deploy.model.facts import HostFacts
from deploy.model.problem import Problem
from deploy.planning.compatibility import rollback_problems
from deploy.planning.goal import Goal, Wanted


def host_refusals(root: str, facts: HostFacts, wanted: Sequence[Wanted], environment: str) -> tuple[Problem, ...]:
    """State that the old binary can't read, a runtime that is gone."""
    goals = [item for item in wanted if isinstance(item, Goal)]
    found = [problem for goal in goals for problem in rollback_problems(root, facts, goal)]
    for goal in goals:
        revision = goal.revision
        if revision is None or revision.runtime is None or revision.runtime_version is None:
            continue
        if (revision.runtime, revision.runtime_version) not in facts.runtimes:
            what = f"runtime {revision.runtime} {revision.runtime_version} of {goal.service} is gone"
            fix = f"invoke deploy --env {environment} with that release brings it back"
            found.append(Problem("runtime-missing", facts.host, what, "its folder under runtimes", fix))
    return tuple(found)


def no_target(environment: str, to: str | None, releases: Sequence[str]) -> Problem:
    """Nothing to go back to."""
    if to is not None:
        what, code = f"release {to} was never attested here", "release-unknown"
    else:
        what, code = "no release was attested good before the one that runs", "no-earlier-release"
    there = f"attested good: {', '.join(releases)}" if releases else "no release is attested good"
    return Problem(code, environment, what, there, f"invoke history --env {environment}")


def not_good(environment: str, release: str) -> Problem:
    """The named release was marked bad."""
    fix = f"choose another with --to, or deploy it anew: invoke deploy --env {environment} --release {release}"
    return Problem("release-bad", environment, f"release {release} was marked bad here", "a release attested good", fix)


def mixed_releases(environment: str) -> Problem:
    """Hosts run different attested releases, so nobody can tell which one is to be left."""
    what = "hosts run different releases: an earlier run ended half way"
    fix = f"name the release: invoke rollback --env {environment} --to RELEASE"
    return Problem("mixed-releases", environment, what, "one release on all hosts, or --to", fix)
