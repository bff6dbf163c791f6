"""What the `facts` verb is asked for, so that every decision about a host can be made from one answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from deploy.model.desired import DesiredHost
from deploy.model.revision import Probe, Revision
from deploy.planning import paths
from deploy.planning.goal import port_args, probe_args
from deploy.planning.resources import Folder, RevisionFolder, RuntimeFolder, resources_of, rule_name


@dataclass(frozen=True, slots=True)
class ServiceQuery:
    """A service to ask about; `probe` None: whether it is well isn't asked. `secrets`: names of its files."""

    name: str
    probe: Probe | None = None
    ports: tuple[tuple[str, int], ...] = ()
    secrets: tuple[str, ...] = ()

    @property
    def rules(self) -> tuple[str, ...]:
        """Names of its firewall rules."""
        return tuple(rule_name(self.name, port) for _, port in self.ports)

    @classmethod
    def of(cls, revision: Revision) -> "ServiceQuery":
        """Asks all that a revision's definition tells."""
        definition = revision.definition
        return cls(revision.service, definition.probe, definition.ports, definition.secrets)


def facts_args(
    root: str, desired: DesiredHost | None, known: Iterable[ServiceQuery] = (), *, deep: bool = False
) -> dict[str, Any]:
    """Arguments of the `facts` verb.

    `known`: every service of the catalogue, also those that the host should not run (a single writer is looked for
    everywhere), and those of a host without `desired`. What `desired` says of a service wins. The key of the secrets'
    digest travels beside this.
    """
    queries = {query.name: query for query in known}
    if desired is not None:
        queries |= {item.revision.service: ServiceQuery.of(item.revision) for item in desired.services}
    return {
        "services": [_service(query) for query in queries.values()],
        "secrets": [
            {"service": query.name, "name": name, "path": paths.secret(root, query.name, name)}
            for query in queries.values()
            for name in query.secrets
        ],
        "paths": _paths(root, desired),
        "runtimes_dir": rf"{root}\runtimes",
        "firewall": [name for query in queries.values() for name in query.rules],
        "deep": deep,
    }


def _service(query: ServiceQuery) -> dict[str, Any]:
    probe = None if query.probe is None else probe_args(query.probe)
    return {"name": query.name, "probe": probe, "ports": port_args(query.ports)}


def _paths(root: str, desired: DesiredHost | None) -> list[str]:
    if desired is None:
        return []
    found: dict[str, None] = {}
    for resource in resources_of(root, desired):
        match resource:
            case Folder(path=path):
                found[path] = None
            case RuntimeFolder(runtime=item) if item.archive is not None:
                found[paths.cached(root, item.archive.sha256)] = None
            case RevisionFolder(desired=service) if service.archive is not None:
                found[paths.cached(root, service.archive.sha256)] = None
    return list(found)
