"""Which host runs which services: the catalogue's groups laid over the inventory's."""

from deploy.config.inventory import Inventory
from deploy.config.suggest import did_you_mean
from deploy.model.catalogue import Catalogue
from deploy.model.problem import Problem, UsageError


def place(catalogue: Catalogue, inventory: Inventory) -> dict[str, tuple[str, ...]]:
    """Slugs of native services by host name, in catalogue order, for every host of the inventory.

    Raises UsageError for a group that the inventory lacks, and for two services on one port of one host.
    """
    native = {slug: service for slug, service in catalogue.service.items() if service.kind == "windows"}
    where = f"inventories/{inventory.environment}.py"
    problems = [
        Problem(
            "unknown-group",
            f"inventories/system.toml: service.{slug}.group",
            f"{where} has no group {service.group!r}",
            "a group with at least one host",
            did_you_mean(service.group, inventory.groups),
        )
        for slug, service in native.items()
        if service.group not in inventory.groups
    ]
    services = {
        host.name: tuple(slug for slug, service in native.items() if service.group in host.groups)
        for host in inventory.hosts
    }
    problems += [problem for host, slugs in services.items() for problem in _clashes(catalogue, where, host, slugs)]
    if problems:
        raise UsageError(*problems)
    return services


def idle_hosts(placement: dict[str, tuple[str, ...]], environment: str) -> tuple[Problem, ...]:
    """A warning for each host that runs nothing."""
    where = f"inventories/{environment}.py"
    return tuple(_idle(where, host) for host, slugs in placement.items() if not slugs)


def _clashes(catalogue: Catalogue, where: str, host: str, slugs: tuple[str, ...]) -> list[Problem]:
    seen: dict[int, str] = {}
    problems = []
    for slug in slugs:
        port = catalogue.service[slug].port
        if port in seen:
            problems.append(
                Problem(
                    "port-clash",
                    f"{where}: {host}",
                    f"service.{seen[port]} and service.{slug} both have port {port}",
                    "ports that differ on one host",
                    f"change service.{slug}.port in inventories/system.toml, or move it to another host",
                )
            )
        seen.setdefault(port, slug)
    return problems


def _idle(where: str, host: str) -> Problem:
    return Problem(
        "idle-host", f"{where}: {host}", "it runs no service", "a host in at least one service's group", "add it to one"
    )
