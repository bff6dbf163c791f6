"""What `invoke sandbox.up` starts: hosts from the inventory, the store that they pull from, their disks."""

import os
from collections.abc import Mapping
from pathlib import Path

from deploy.config.inventory import load_inventory
from deploy.config.loading import load_settings
from deploy.config.project import Project
from deploy.model.problem import Problem, Refused, UsageError
from deploy.sandbox.fleet.spec import FleetSpec, HostSpec, StoreSpec
from deploy.sandbox.wine.volume import ENV_SIZE, LEAST_MB

DEFAULT_PREFIX = "127.0.10"


def fleet_spec(project: Project, environment: str, engine: str, store: Path | None) -> FleetSpec:
    """The fleet of an environment; Refused where its hosts aren't simulated ones, UsageError for a bad setting."""
    served = store_spec(store, os.environ) if store else None
    disk_mb = _disk_mb(os.environ) if engine == "powershell" else 0
    return FleetSpec(_hosts(project, environment), store=served, engine=engine, disk_mb=disk_mb)


def _hosts(project: Project, environment: str) -> tuple[HostSpec, ...]:
    found = load_inventory(project, environment).hosts
    hosts = tuple(HostSpec(host.name, str(host.data.get("winrm_address", ""))) for host in found)
    real = [host.name for host in hosts if not host.address.startswith("127.")]
    if real or not hosts:
        raise Refused(
            Problem(
                "not-simulated",
                project.shown(project.inventory(environment)),
                f"{', '.join(real) or 'no host'} can't be simulated",
                "hosts whose winrm_address is a loopback address, 127.…",
                "invoke sandbox.up --env dev",
            )
        )
    return hosts


def store_folder(project: Project, environment: str) -> Path | None:
    """The store's folder, made where it is missing; None for one behind HTTP, which hosts reach by themselves."""
    location = load_settings(project, environment, {}, os.environ).settings.store
    if location.startswith(("http://", "https://")):
        return None
    folder = project.root / location
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def store_spec(folder: Path, environ: Mapping[str, str]) -> StoreSpec:
    """The store for hosts at the fleet's own loopback address."""
    prefix = environ.get("DEPLOY_SANDBOX_PREFIX", DEFAULT_PREFIX)
    return StoreSpec(folder=str(folder), address=f"{prefix}.1")


def _disk_mb(environ: Mapping[str, str]) -> int:
    """Size of the hosts' data disks; 0 without any."""
    text = environ.get(ENV_SIZE, "0")
    if text != "0" and not (text.isdecimal() and int(text) >= LEAST_MB):
        expected = f"megabytes, {LEAST_MB} or more, such as 600"
        raise UsageError(Problem("bad-option", ENV_SIZE, f"{text!r} is no size of a disk", expected))
    return int(text)
