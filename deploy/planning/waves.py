"""Waves: services of one rank and failure domain; a single writer is a wave of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.model.catalogue import Service
from deploy.model.facts import HostFacts
from deploy.model.plan import HostWave, Wave
from deploy.planning.batch import batch_size, batches
from deploy.planning.cutover import transaction_steps
from deploy.planning.goal import Wanted
from deploy.planning.needs import needs
from deploy.planning.order import Group, groups_of, together


@dataclass(frozen=True, slots=True)
class Rollout:
    """How hosts follow each other: `batch` a number or percentage, `max_failures` hosts of a wave that may fail."""

    batch: str = "1"
    max_failures: int = 0


Changes = Mapping[str, Mapping[str, tuple[Wanted, str]]]
"""Host → slug → what it is to become, and why."""


def changes_on(
    root: str, facts: HostFacts, wanted: Sequence[Wanted], services: Mapping[str, Service]
) -> dict[str, tuple[Wanted, str]]:
    """Services of a host that must be touched, with the reasons; those that share their restart included.

    A dependent on another host is not restarted: no transaction reaches beyond its host.
    """
    reasons = {item.slug: needs(root, facts, item) for item in wanted}
    changed = frozenset(slug for slug, why in reasons.items() if why)
    touched = together(changed, frozenset(reasons), services)
    shared = "it can't bear the restart of what it depends on"
    return {item.slug: (item, "; ".join(reasons[item.slug]) or shared) for item in wanted if item.slug in touched}


def waves_of(
    root: str,
    services: Mapping[str, Service],
    facts: Mapping[str, HostFacts],
    changes: Changes,
    rollout: Rollout,
    *,
    prefix: str = "",
) -> tuple[Wave, ...]:
    """Waves in the order in which they run, without empty ones; hosts keep the order of `changes`."""
    waves: list[Wave] = []
    for slugs, domain, alone in _cuts(groups_of(services)):
        number = len(waves)
        items = []
        for host, wanted in changes.items():
            chosen = [wanted[slug] for slug in slugs if slug in wanted]
            if chosen:
                steps, moves = transaction_steps(root, facts[host], chosen, prefix=prefix)
                items.append(HostWave(host, number, steps, moves))
        if items:
            size = 1 if alone else batch_size(rollout.batch, len(items))
            names = tuple(dict.fromkeys(move.service for item in items for move in item.moves))
            waves.append(Wave(number, names, domain, batches(items, size), rollout.max_failures))
    return tuple(waves)


def _cuts(groups: Sequence[Group]) -> list[tuple[tuple[str, ...], str, bool]]:
    """Slugs, failure domain and whether it is a single writer, wave by wave."""
    shared: dict[tuple[int, str], list[str]] = {}
    alone: list[tuple[int, tuple[str, ...], str]] = []
    for group in groups:
        domain = group.failure_domains[0]
        if group.single_writer:
            alone.append((group.rank, group.slugs, domain))
        else:
            shared.setdefault((group.rank, domain), []).extend(group.slugs)
    cuts = [(rank, 0, domain, tuple(slugs), False) for (rank, domain), slugs in shared.items()]
    cuts += [(rank, 1, domain, slugs, True) for rank, slugs, domain in alone]
    return [(slugs, domain, single) for _, _, domain, slugs, single in sorted(cuts, key=lambda cut: cut[:4])]
