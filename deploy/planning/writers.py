"""The rule of the single writer: at most one host may run it, and every host must have said so."""

from collections.abc import Collection, Iterable, Mapping

from deploy.model.catalogue import Catalogue, Service
from deploy.model.facts import HostFacts, Snapshot
from deploy.model.problem import Problem
from deploy.planning.running import is_up


def single_writer_problems(
    catalogue: Catalogue,
    placed: Mapping[str, Collection[str]],
    snapshots: Mapping[str, Snapshot | None],
    environment: str,
    left_out: Collection[str] = (),
) -> tuple[Problem, ...]:
    """Refusals for every single writer of the catalogue.

    `placed`: slug → hosts that should run it; `snapshots`: every host of the environment, None for one not asked;
    `left_out`: hosts that a rollback goes without, by name and reason; that a writer starts where it didn't serve is
    refused all the same.
    """
    return tuple(
        problem
        for slug, service in catalogue.service.items()
        if service.single_writer and service.kind == "windows" and placed.get(slug)
        for problem in _writer(service, tuple(placed[slug]), snapshots, environment, left_out)
    )


def homes(placement: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Slug → hosts that should run it, from host → slugs; hosts keep their order."""
    found: dict[str, list[str]] = {}
    for host, slugs in placement.items():
        for slug in slugs:
            found.setdefault(slug, []).append(host)
    return found


def _writer(
    service: Service,
    hosts: tuple[str, ...],
    snapshots: Mapping[str, Snapshot | None],
    environment: str,
    left_out: Collection[str],
) -> tuple[Problem, ...]:
    if len(hosts) > 1:
        what = f"the single writer is placed on {', '.join(sorted(hosts))}"
        fix = f"leave one host in group {service.group} of inventories/{environment}.py"
        return (Problem("single-writer-placed-twice", service.name, what, "one host", fix),)
    # Who leaves a host out vouches for it, as long as nothing starts here that may run there.
    vouched = left_out if _serves(service, snapshots.get(hosts[0])) else ()
    others = (host for host in snapshots if host not in hosts and host not in vouched)
    return tuple(
        problem for host in others for problem in _elsewhere(service, host, snapshots[host], hosts[0], environment)
    )


def _serves(service: Service, snapshot: Snapshot | None) -> bool:
    fact = snapshot.services.get(service.name) if isinstance(snapshot, HostFacts) else None
    return fact is not None and is_up(fact)


def _elsewhere(
    service: Service, host: str, snapshot: Snapshot | None, home: str, environment: str
) -> tuple[Problem, ...]:
    if not isinstance(snapshot, HostFacts):
        what = f"it couldn't be asked whether it runs {service.name}"
        fix = f"bring {host} back, then invoke plan --env {environment}"
        return (Problem("single-writer-unknown", host, what, f"an answer: only {home} may run it", fix),)
    fact = snapshot.services.get(service.name)
    if fact is None or fact.registration is None:
        return ()
    if fact.registration.start == "disabled" and not is_up(fact):
        return ()
    what = f"{service.name} is registered here too ({fact.registration.start}, {fact.state})"
    fix = f"on {host}: sc.exe config {service.name} start= disabled, then sc.exe stop {service.name}"
    return (Problem("single-writer-elsewhere", host, what, f"registered and enabled on {home} only", fix),)
