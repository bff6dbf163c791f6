"""Rules of a catalogue that its schema can't say; each yields problems. `RULES` has all of them."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from deploy.config.rules_naming import environments, fillings, runtimes, templates
from deploy.config.suggest import did_you_mean
from deploy.config.surroundings import Rule, Surroundings, unknown
from deploy.model.catalogue import Catalogue, Service
from deploy.model.problem import Problem

WINRM_PORTS = frozenset({5985, 5986})


def names(catalogue: Catalogue, around: Surroundings) -> Iterator[Problem]:
    """No two services share a name; Windows doesn't tell cases apart."""
    seen: dict[str, str] = {}
    for slug, service in catalogue.service.items():
        other = seen.setdefault(service.name.lower(), slug)
        if other != slug:
            yield Problem(
                "duplicate-name",
                f"{around.where}: service.{slug}.name",
                f"service.{other} has this name too",
                "a name of its own",
                "rename one of them",
            )


def ports(catalogue: Catalogue, around: Surroundings) -> Iterator[Problem]:
    """Services of one group run on the same hosts, and WinRM is on all of them."""
    seen: dict[tuple[str, int], str] = {}
    for slug, service in catalogue.service.items():
        where = f"{around.where}: service.{slug}.port"
        other = seen.setdefault((service.group, service.port), slug)
        if other != slug:
            yield Problem(
                "port-clash",
                where,
                f"service.{other} has port {service.port} in the same group",
                "a free port",
                "change one of them",
            )
        if service.port in WINRM_PORTS:
            yield Problem("port-clash", where, f"port {service.port} is WinRM's", "a free port", "change it")


def dependencies(catalogue: Catalogue, around: Surroundings) -> Iterator[Problem]:
    """They exist, and don't go round in a circle."""
    known = catalogue.service.keys()
    for slug, service in catalogue.service.items():
        for name in service.depends_on:
            if name not in known:
                yield unknown(f"{around.where}: service.{slug}.depends_on", "service", name, known)
        for name in service.restarts_with:
            if name not in service.depends_on:
                yield Problem(
                    "unknown-dependency",
                    f"{around.where}: service.{slug}.restarts_with",
                    f"{name!r} is not among its dependencies",
                    "names that depends_on has too",
                    did_you_mean(name, service.depends_on) or "add it to depends_on",
                )
    try:
        TopologicalSorter({slug: service.depends_on for slug, service in catalogue.service.items()}).prepare()
    except CycleError as exc:
        circle = " → ".join(reversed(exc.args[1]))
        yield Problem(
            "dependency-cycle",
            f"{around.where}: service.{exc.args[1][-1]}.depends_on",
            f"services depend on each other: {circle}",
            "no circle",
            "take one of these dependencies out",
        )


def consistency(catalogue: Catalogue, around: Surroundings) -> Iterator[Problem]:
    """Keys that only make sense together."""
    for slug, service in catalogue.service.items():
        for key, what, expected in _inconsistent(service):
            yield Problem("bad-value", f"{around.where}: service.{slug}.{key}", what, expected, "correct it")


def deadlines(catalogue: Catalogue, around: Surroundings) -> Iterator[Problem]:
    """In every environment a service has more time to become healthy than it must stay healthy."""
    for environment in around.environments:
        for slug, service in catalogue.for_environment(environment).service.items():
            if service.deadlines.healthy_s <= service.deadlines.min_healthy_s:
                yield Problem(
                    "bad-value",
                    f"{around.where}: service.{slug}.deadlines.healthy_s",
                    f"in {environment} it is over before min_healthy_s can be",
                    "more than min_healthy_s",
                    f"change it there or in environments.{environment}.deadlines",
                )


def _inconsistent(service: Service) -> Iterator[tuple[str, str, str]]:
    reports = service.health.version_field or service.health.build_field or service.health.expect
    if service.health.kind != "http" and reports:
        yield "health", f"a {service.health.kind} probe has no fields to compare", 'kind = "http", or no fields'
    if service.drain and (service.drain.done_field is None) != (service.drain.done_equals is None):
        yield "drain", "one of done_field and done_equals without the other", "both or none"
    if len(set(service.secrets)) != len(service.secrets):
        yield "secrets", "a secret is there twice", "each once"


RULES: tuple[Rule, ...] = (
    names,
    ports,
    dependencies,
    runtimes,
    environments,
    templates,
    fillings,
    consistency,
    deadlines,
)
