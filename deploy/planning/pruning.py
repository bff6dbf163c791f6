"""Which revision folders may go: never the active, the previous, the last few attested, or what ran before us."""

from collections.abc import Mapping

from deploy.model.facts import HostFacts
from deploy.planning.running import running

ATTESTED_KEPT = 2
REVISIONS_KEPT = 3
"""Unless the setting `keep_revisions` says otherwise."""
UNMANAGED_PREFIX = "unmanaged-"


def prunable(
    root: str,
    facts: HostFacts,
    after: Mapping[str, str],
    *,
    attested: bool,
    bad: Mapping[str, str] | None = None,
    revisions_kept: int = REVISIONS_KEPT,
) -> tuple[list[str], list[str]]:
    """What to keep and what to remove, once the host runs `after` (service → revision name).

    `facts` are from before the run. `attested`: whether `after` will count as one of the last two attested; `bad`: the
    revisions that the run marks bad. `revisions_kept`: of each service, the newest good ones included.
    """
    kept = {(service, name) for service, name in after.items()}
    for service in facts.services:
        now = running(root, facts, service)
        if now is not None:
            kept.add((service, now.name))
    uncounted = [dict(after) if attested else None, dict(bad) if bad is not None else None]
    others = [revisions for revisions in _good(facts) if revisions not in uncounted]
    for revisions in others[: ATTESTED_KEPT - attested]:
        kept |= set(revisions.items())
    for service in facts.services:
        names = dict.fromkeys(revisions[service] for revisions in others if service in revisions)
        held_already = sum(1 for kept_service, _ in kept if kept_service == service)
        unheld = [name for name in names if (service, name) not in kept]
        kept |= {(service, name) for name in unheld[: max(0, revisions_kept - held_already)]}
    keep: list[str] = []
    remove: list[str] = []
    for fact in facts.revisions:
        held = (fact.service, fact.name) in kept or fact.name.startswith(UNMANAGED_PREFIX)
        (keep if held else remove).append(fact.folder)
    return sorted(keep), sorted(remove)


def _good(facts: HostFacts) -> list[dict[str, str]]:
    """Attested sets of revisions, newest first, each once, without those that were marked bad last."""
    seen: list[dict[str, str]] = []
    good: list[dict[str, str]] = []
    for entry in reversed(facts.releases):
        if entry.revisions not in seen:
            seen.append(entry.revisions)
            good += [entry.revisions] if entry.status == "good" else []
    return good
