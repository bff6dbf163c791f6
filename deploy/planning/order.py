"""The dependency order: groups of services that go together, and the rank of each group."""

from collections.abc import Mapping
from dataclasses import dataclass

from deploy.model.catalogue import Service


@dataclass(frozen=True, slots=True)
class Group:
    """Services that share a wave because one can't bear the other's restart; `slugs` have dependencies first."""

    slugs: tuple[str, ...]
    rank: int
    failure_domains: tuple[str, ...]
    single_writer: bool


def groups_of(services: Mapping[str, Service]) -> tuple[Group, ...]:
    """Every service in exactly one group, by rank; a group's rank is higher than that of all it depends on."""
    direct = {slug: _dependencies(slug, services) for slug in services}
    # A shared wave binds both ways, and so does whatever lies between the two in the order.
    bound = {slug: set(needed) for slug, needed in direct.items()}
    for slug, service in services.items():
        for other in service.restarts_with:
            if other in bound:
                bound[other].add(slug)
    reach = {slug: _reach(slug, bound) for slug in services}
    members = {slug: frozenset(o for o in reach[slug] if slug in reach[o]) | {slug} for slug in services}
    ranks: dict[frozenset[str], int] = {}
    for slug in services:
        _rank(members[slug], members, direct, ranks)
    found = [_group(group, rank, services, direct) for group, rank in ranks.items()]
    return tuple(sorted(found, key=lambda group: (group.rank, group.slugs)))


def _dependencies(slug: str, services: Mapping[str, Service]) -> frozenset[str]:
    service = services[slug]
    return frozenset(other for other in (*service.depends_on, *service.restarts_with) if other in services)


def _reach(start: str, edges: Mapping[str, set[str]]) -> frozenset[str]:
    seen: set[str] = set()
    waiting = list(edges[start])
    while waiting:
        slug = waiting.pop()
        if slug not in seen:
            seen.add(slug)
            waiting.extend(edges[slug])
    return frozenset(seen)


def _rank(
    group: frozenset[str],
    members: Mapping[str, frozenset[str]],
    direct: Mapping[str, frozenset[str]],
    ranks: dict[frozenset[str], int],
) -> int:
    if group not in ranks:
        below = {members[other] for slug in group for other in direct[slug]} - {group}
        ranks[group] = 1 + max((_rank(other, members, direct, ranks) for other in below), default=-1)
    return ranks[group]


def _group(
    group: frozenset[str], rank: int, services: Mapping[str, Service], direct: Mapping[str, frozenset[str]]
) -> Group:
    ordered: list[str] = []
    waiting = sorted(group)
    while waiting:
        # The catalogue admits no cycle; should one come, alphabetical order is as good as any.
        free = next((slug for slug in waiting if not direct[slug] & set(waiting) - {slug}), waiting[0])
        ordered.append(free)
        waiting.remove(free)
    return Group(
        slugs=tuple(ordered),
        rank=rank,
        failure_domains=tuple(dict.fromkeys(services[slug].failure_domain for slug in ordered)),
        single_writer=any(services[slug].single_writer for slug in group),
    )


def together(changed: frozenset[str], placed: frozenset[str], services: Mapping[str, Service]) -> frozenset[str]:
    """`changed` and every placed service that can't bear the restart of one of them, transitively."""
    found = set(changed)
    while added := {
        slug for slug in placed - found if slug in services and not found.isdisjoint(services[slug].restarts_with)
    }:
        found |= added
    return frozenset(found)
