"""Resources: what a host should have before any service of it is touched."""

import ntpath
from dataclasses import dataclass
from typing import Any

from deploy.model.desired import DesiredHost, DesiredRuntime, DesiredService
from deploy.planning.acl import closed, service_acl
from deploy.planning.registration import account_of

BASE_FOLDERS = (
    "",
    "releases",
    "runtimes",
    "secrets",
    "cache",
    "data",
    r"data\logs",
    "backups",
    "infrastructure",
    r"infrastructure\scripts",
)
DEFAULT_REMOTE = "LocalSubnet"
REMOTE_KEY = "firewall_remote"
"""Key of a host's inventory data: from which addresses its services' ports may be reached."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder with an ACL of its own. `private`: nobody but SYSTEM, administrators and services may reach it."""

    path: str
    acl: dict[str, Any]
    private: bool = True


@dataclass(frozen=True, slots=True)
class RuntimeFolder:
    """A runtime, complete in its folder."""

    root: str
    runtime: DesiredRuntime


@dataclass(frozen=True, slots=True)
class Adoption:
    """A service that ran before us: its registration and program folder are kept before anything else happens."""

    root: str
    service: str


@dataclass(frozen=True, slots=True)
class Registration:
    """A registered service. A missing one is registered disabled; an existing one is never altered."""

    root: str
    desired: DesiredService


@dataclass(frozen=True, slots=True)
class RevisionFolder:
    """A revision, complete in its folder."""

    root: str
    desired: DesiredService


@dataclass(frozen=True, slots=True)
class FirewallRule:
    """Inbound TCP allow rule."""

    name: str
    display_name: str
    port: int
    remote: str


@dataclass(frozen=True, slots=True)
class SettlingTask:
    """Executor and its scheduled task, at the version of the module that answered."""


Resource = Folder | RuntimeFolder | Adoption | Registration | RevisionFolder | FirewallRule | SettlingTask


def resources_of(root: str, desired: DesiredHost) -> tuple[Resource, ...]:
    """All resources of a host in the order in which they are made.

    Adoption comes before anything of the service; its registration before folders that name its account.
    """
    base = (Folder(ntpath.join(root, name).rstrip("\\"), closed()) for name in BASE_FOLDERS)
    runtimes = (RuntimeFolder(root, runtime) for runtime in desired.runtimes)
    adoptions = (Adoption(root, service.revision.service) for service in desired.services)
    parts = [part for service in desired.services for part in service_resources(root, desired, service)]
    return (SettlingTask(), *base, *adoptions, *runtimes, *parts)


def service_resources(root: str, host: DesiredHost, desired: DesiredService) -> tuple[Resource, ...]:
    """What one service needs."""
    return (
        Registration(root, desired),
        *_folders(root, desired),
        RevisionFolder(root, desired),
        *firewall_rules(host, desired),
    )


def firewall_rules(host: DesiredHost, desired: DesiredService) -> tuple[FirewallRule, ...]:
    """One rule for each port of the service."""
    revision = desired.revision
    remote = str(host.host.data.get(REMOTE_KEY, DEFAULT_REMOTE))
    title = revision.definition.display_name or revision.service
    return tuple(
        FirewallRule(rule_name(revision.service, port), f"{title} ({port})", port, remote)
        for _, port in revision.definition.ports
    )


def rule_name(service: str, port: int) -> str:
    """Name of the firewall rule of a service's port."""
    return f"{service}-{port}"


def _folders(root: str, desired: DesiredService) -> tuple[Folder, ...]:
    service, account = (
        desired.revision.service,
        account_of(desired.revision.service, desired.revision.definition.account),
    )
    rights = {
        rf"{root}\releases\{service}": "read",
        rf"{root}\secrets\{service}": "read",
        rf"{root}\data\{service}": "modify",
        rf"{root}\data\logs\{service}": "modify",
    }
    acls = {path: service_acl(service, account, right) for path, right in rights.items()}
    return tuple(Folder(path, acl, private=_only_services(acl)) for path, acl in acls.items())


def _only_services(acl: dict[str, Any]) -> bool:
    return all(grant.get("account", "NT SERVICE").startswith("NT SERVICE") for grant in acl["grants"])
