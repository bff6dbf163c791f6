"""Prepares a host without an outage: all its resources, in planning's order, as pyinfra operations."""

from collections.abc import Callable
from typing import Any, cast

from pyinfra.api.deploy import deploy
from pyinfra.context import host

from deploy.model.catalogue import HostMinima
from deploy.model.desired import DesiredHost
from deploy.planning.facts_request import facts_args
from deploy.planning.resources import (
    Adoption,
    FirewallRule,
    Folder,
    Registration,
    Resource,
    RevisionFolder,
    RuntimeFolder,
    SettlingTask,
    resources_of,
)
from deploy.windows.connector import WindowsConnector
from deploy.windows.operations import (
    adoption,
    firewall_rule,
    folder,
    preflight,
    registration,
    revision,
    runtime,
    settling_task,
)

OPERATION_OF: dict[type[Resource], tuple[Callable[..., Any], Callable[[Any], str]]] = {
    Adoption: (adoption.kept, lambda item: f"Adoption of {item.service}"),
    FirewallRule: (firewall_rule.present, lambda item: f"Firewall rule {item.name}"),
    Folder: (folder.present, lambda item: f"Folder {item.path}"),
    Registration: (registration.present, lambda item: f"Registration of {item.desired.revision.service}"),
    RevisionFolder: (revision.staged, lambda item: f"Revision of {item.desired.revision.service}"),
    RuntimeFolder: (runtime.present, lambda item: f"Runtime {item.runtime.name} {item.runtime.version}"),
    SettlingTask: (settling_task.installed, lambda _item: "Settling task"),
}
"""Operation and name of each kind of resource; without a name pyinfra would print all arguments."""
PREFLIGHT: Callable[..., Any] = preflight.passed


@deploy("Prepare")
def _prepared(desired: DesiredHost, root: str, minima: HostMinima | None, environment: str) -> None:
    """All resources, as operations of one pyinfra deploy."""
    connector = cast(WindowsConnector, host.connector)
    connector.expect(root, lambda deep: facts_args(root, desired, deep=deep))
    if minima is not None:
        PREFLIGHT(desired, root, minima, environment, name="Preflight")
    for resource in resources_of(root, desired):
        bring_about, name_of = OPERATION_OF[type(resource)]
        bring_about(resource, name=name_of(resource))


_PREPARED: Callable[..., Any] = _prepared


def prepare(desired: DesiredHost, root: str, minima: HostMinima | None = None, environment: str = "") -> None:
    """Preflight, when there are minima, then every resource. Called within pyinfra's contexts, per host.

    No operation is left out for a host: whether anything is to be done is each operation's own decision, so that the
    order is the same everywhere.
    """
    _PREPARED(desired, root, minima, environment)
