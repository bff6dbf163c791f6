"""An environment as a command sees it: everything read and checked, no host asked yet."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from deploy.cli.command import required
from deploy.config.catalogue import load_catalogue
from deploy.config.connection import connection_problem, connector_data
from deploy.config.hostdata import template_settings
from deploy.config.inventory import Inventory, load_inventory
from deploy.config.loading import DEFAULT, LoadedSettings, digest_key, load_settings
from deploy.config.placement import place
from deploy.config.project import Project
from deploy.config.secrets import load_secrets
from deploy.config.settings import Settings
from deploy.model.catalogue import Catalogue
from deploy.model.desired import DesiredHost, DesiredSecret
from deploy.model.facts import Snapshot
from deploy.model.host import Host
from deploy.model.problem import Problem, Refused, UsageError
from deploy.model.release import Release
from deploy.model.secret import Secret
from deploy.planning.writers import homes, single_writer_problems
from deploy.releases.desired import Secrets, desired_hosts
from deploy.releases.store import Store, open_store
from deploy.releases.templates import Templates
from deploy.winrm.endpoint import Endpoint


@dataclass(frozen=True)
class Site:
    """Project, settings, inventory and the environment's effective catalogue."""

    project: Project
    environment: str
    loaded: LoadedSettings
    inventory: Inventory
    catalogue: Catalogue
    placement: dict[str, tuple[str, ...]]

    @classmethod
    def load(cls, project: Project, environment: str | None, example: str, options: Mapping[str, Any]) -> "Site":
        """Reads and checks every file; raises UsageError with all that is wrong."""
        name = required("env", environment, project.environments(), example)
        inventory = load_inventory(project, name)
        given = {key: value for key, value in options.items() if value is not None}
        loaded = load_settings(project, name, given, os.environ, inventory)
        catalogue = load_catalogue(project).for_environment(name)
        return cls(project, name, loaded, inventory, catalogue, place(catalogue, inventory))

    @property
    def settings(self) -> Settings:
        """The merged settings."""
        return self.loaded.settings

    @cached_property
    def store(self) -> Store:
        """The release store; raises UsageError for a folder that somebody named and that isn't there."""
        origin, location = self.loaded.origins["store"], self.settings.store
        if origin != DEFAULT and "://" not in location and not Path(location).is_dir():
            raise UsageError(Problem("no-store", origin, f"no such folder: {location}", "a folder or an HTTP(S) URL"))
        return open_store(self.settings.store, self.project.state / "cache" / "store", self.settings.store_token)

    @cached_property
    def secrets(self) -> Secrets:
        """Values of all secrets of placed services, and the key of their digests."""
        slugs = dict.fromkeys(slug for placed in self.placement.values() for slug in placed)
        return Secrets(load_secrets(self.settings, self.catalogue, slugs), self.digest_key)

    @cached_property
    def digest_key(self) -> Secret:
        """The key of the digests that plans show for secrets."""
        return digest_key(self.project, self.environment, self.settings)

    def secrets_by_service(self) -> dict[str, tuple[DesiredSecret, ...]]:
        """Service name → its current secrets."""
        found: dict[str, tuple[DesiredSecret, ...]] = {}
        for (service, name), value in self.secrets.values.items():
            secret = DesiredSecret(name, value.digest(self.digest_key), value)
            found[service] = (*found.get(service, ()), secret)
        return found

    def desired(self, release: Release) -> tuple[DesiredHost, ...]:
        """What every host of the environment should run under the release."""
        return desired_hosts(
            self.catalogue,
            self.placement,
            self.inventory.hosts,
            self.environment,
            release,
            self.store,
            Templates(self.project.templates),
            self.secrets,
            template_settings,
            self.settings.store_for_hosts,
        )

    def endpoint(self, host: Host) -> Endpoint:
        """How the host is reached; raises Refused when it can't be logged in to."""
        data = connector_data(self.loaded, host)
        problem = connection_problem(self.environment, host, data) or _missing_extra(host, data["winrm_transport"])
        if problem:
            raise Refused(problem)
        return Endpoint(
            name=host.name,
            address=data["winrm_address"],
            scheme=data["winrm_scheme"],
            port=data["winrm_port"],
            login=data["winrm_transport"],
            user=data["winrm_user"] or "",
            password=_secret(data["winrm_password"]),
            ca=_path(data["winrm_ca_path"]),
            certificate=_path(data["winrm_cert_path"]),
            certificate_key=_path(data["winrm_cert_key_path"]),
        )


_MODULE_OF = {"kerberos": "kerberos", "credssp": "requests_credssp"}
"""What the extra of that name installs."""


def _missing_extra(host: Host, transport: str) -> Problem | None:
    module = _MODULE_OF.get(transport)
    if module is None or find_spec(module) is not None:
        return None
    fix = f".venv/bin/pip install 'pywinrm[{transport}]', or choose another winrm_transport"
    return Problem("missing-extra", f"{host.name}: winrm_transport", f"{transport} is not installed here", "", fix)


def writer_problems(site: Site, snapshots: Mapping[str, Snapshot]) -> tuple[Problem, ...]:
    """Where a single writer may run besides its home, or nobody can tell."""
    known = {host.name: snapshots.get(host.name) for host in site.inventory.hosts}
    return single_writer_problems(site.catalogue, homes(site.placement), known, site.environment)


def _secret(value: Any) -> Secret | None:
    """Our Secret as it is; pyinfra's HiddenValue unwrapped."""
    if value is None or isinstance(value, Secret):
        return value
    return Secret(value.unmask())


def _path(value: str | None) -> Path | None:
    return Path(value) if value else None
