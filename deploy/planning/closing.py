"""Closing steps: after verification a host records the release and forgets what nobody needs."""

from collections.abc import Mapping
from dataclasses import replace

from deploy.model.facts import HostFacts
from deploy.model.step import Step
from deploy.planning.pruning import REVISIONS_KEPT, prunable

RUN = "{run}"
"""Stands for the run's id: a plan, and so its hash, is older than the run."""


def closing_steps(
    root: str,
    facts: HostFacts,
    release: str,
    after: Mapping[str, str],
    *,
    attests: bool,
    bad: tuple[str, str, Mapping[str, str]] | None = None,
    archives: tuple[str, ...] = (),
    revisions_kept: int = REVISIONS_KEPT,
) -> tuple[Step, ...]:
    """Attests `after` (service → revision name), having marked `bad` (release, run, revisions), and prunes.

    `attests`: whether the run attests at all; then it does so on every host, changed or not: a release is recorded as
    one, or nobody could tell later that its hosts belong together. `archives`: cached ones that staging leaves behind.
    """
    steps = []
    if bad is not None:
        name, run, revisions = bad
        steps.append(_attest("mark-bad", name, run, revisions, "bad"))
    if attests:
        steps.append(_attest("attest", release, RUN, after, "good"))
    left = bad[2] if bad is not None else None
    counted = attests or is_recorded(facts, release, after)
    keep, remove = prunable(root, facts, after, attested=counted, bad=left, revisions_kept=revisions_kept)
    if remove or archives:
        reason = "nothing runs them or goes back to them"
        args = {"keep": keep, "folders": [*remove, *archives]}
        steps.append(Step("prune", "cache.prune", args, reason, deadline_s=120))
    return tuple(steps)


def is_recorded(facts: HostFacts, release: str, after: Mapping[str, str]) -> bool:
    """Whether the host's record already ends with this."""
    newest = next(iter(reversed(facts.releases)), None)
    wanted = (release, "good", dict(after))
    return newest is not None and (newest.release, newest.status, newest.revisions) == wanted


def with_run(steps: tuple[Step, ...], run: str) -> tuple[Step, ...]:
    """The same steps with the run's id filled in."""
    return tuple(
        replace(step, args={**step.args, "run": run}) if step.args.get("run") == RUN else step for step in steps
    )


def _attest(identity: str, release: str, run: str, revisions: Mapping[str, str], status: str) -> Step:
    args = {"release": release, "run": run, "revisions": dict(sorted(revisions.items())), "status": status}
    return Step(identity, "release.attest", args, f"release {release} is {status} on this host")
