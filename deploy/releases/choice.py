"""The release that a command is about."""

from collections.abc import Sequence

from deploy.model.problem import Problem, Refused
from deploy.model.release import Release
from deploy.releases.promotion import ORDER, default_release, promotion_problem
from deploy.releases.store import Store


def choose_release(store: Store, environment: str, name: str | None, order: Sequence[str] = ORDER) -> Release:
    """The named release, else the environment's default; raises Refused when there is none."""
    if name:
        return store.release(name)
    newest = store.newest() if environment == order[0] else None
    chosen = default_release(environment, newest.name if newest else None, store.promoted(environment), order)
    if isinstance(chosen, Problem):
        raise Refused(chosen)
    return store.release(chosen)


def release_problem(store: Store, release: str, environment: str, order: Sequence[str] = ORDER) -> Problem | None:
    """Why the release may not go to the environment by what the store has seen, or None."""
    return promotion_problem(release, environment, {name: store.attested(name) for name in order}, order)
