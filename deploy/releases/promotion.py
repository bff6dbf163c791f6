"""Which release an environment gets when none is named, and what a release needs before it may go there. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from deploy.model.problem import Problem

ORDER = ("dev", "staging", "prod")


@dataclass(frozen=True, slots=True)
class Attestation:
    """A release was seen good in an environment (or marked bad after a rollback); `at` is UTC, ISO 8601."""

    release: str
    run: str
    at: str
    status: Literal["good", "bad"] = "good"


@dataclass(frozen=True, slots=True)
class Promotion:
    """The release that deploys to an environment get by default; `at` is UTC, ISO 8601."""

    release: str
    who: str
    at: str


def attested_good(release: str, attestations: Iterable[Attestation]) -> bool:
    """Whether the last word about `release` was good; `attestations` are oldest first."""
    last = [item.status for item in attestations if item.release == release][-1:]
    return last == ["good"]


def required_before(environment: str, order: Sequence[str] = ORDER) -> str | None:
    """Where a release must be attested first. The first environment is a sandbox, which proves nothing."""
    place = order.index(environment)
    return order[place - 1] if place >= 2 else None


def promotion_problem(
    release: str,
    environment: str,
    attestations: Mapping[str, Iterable[Attestation]],
    order: Sequence[str] = ORDER,
) -> Problem | None:
    """Why `release` may not go to `environment`, or None. `attestations`: by environment, oldest first."""
    if environment not in order:
        return Problem(
            "unknown-environment",
            f"environment {environment}",
            "has no place in the order of promotion",
            f"one of {', '.join(order)}",
            "check --env",
        )
    needed = required_before(environment, order)
    if needed is None or attested_good(release, attestations.get(needed, ())):
        return None
    return Problem(
        "not-attested",
        f"release {release}",
        f"was not seen good in {needed}",
        f"a deploy to {needed} that was attested, before {environment}",
        f"invoke deploy --env {needed} --release {release}",
    )


def default_release(
    environment: str, newest: str | None, promoted: str | None, order: Sequence[str] = ORDER
) -> str | Problem:
    """What a deploy without --release means: the newest built in the first environment, else the promoted one."""
    first = environment == order[0]
    chosen = newest if first else promoted
    if chosen is not None:
        return chosen
    if first:
        return Problem(
            "no-release",
            "store",
            "holds no release",
            "at least one",
            "invoke release.build --version 1.0.0 --source DIR",
        )
    return Problem(
        "nothing-promoted",
        f"environment {environment}",
        "no release was promoted to it",
        "a promoted one, or --release NAME",
        f"invoke release.promote --env {environment} --release NAME",
    )
