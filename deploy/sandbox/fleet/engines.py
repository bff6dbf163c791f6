"""The engines by name: how a host of each is made, and whether it can be had here."""

import ssl
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.sandbox.engines.builtin.engine import BuiltinEngine
from deploy.sandbox.fleet.host import Host, SimulatedHost
from deploy.sandbox.fleet.spec import FleetSpec
from deploy.sandbox.wine import tool
from deploy.sandbox.wine.host import WineHost
from deploy.sandbox.wsman.accounts import Accounts
from deploy.sandbox.wsman.server import Endpoint

MakeHost = Callable[[Path, str, Endpoint, Accounts, FleetSpec, ssl.SSLContext], Host]
"""Folder, name, end point, accounts, the fleet's specification, TLS."""


def _builtin(
    folder: Path, name: str, endpoint: Endpoint, accounts: Accounts, spec: FleetSpec, tls: ssl.SSLContext
) -> SimulatedHost:
    return SimulatedHost(folder, name, endpoint, accounts, spec.user, tls, BuiltinEngine())


def _powershell(
    folder: Path, name: str, endpoint: Endpoint, accounts: Accounts, spec: FleetSpec, tls: ssl.SSLContext
) -> WineHost:
    return WineHost(folder, name, endpoint, accounts, tls, disk_mb=spec.disk_mb)


ENGINES: dict[str, MakeHost] = {"builtin": _builtin, "powershell": _powershell}


def missing(engine: str, environ: Mapping[str, str], platform: str = sys.platform) -> tuple[str, str] | None:
    """What this computer lacks for an engine, and what to type; None when nothing."""
    if platform != "linux":
        return "simulated hosts run on Linux only", "run it there (WSL will do), or deploy to a real host"
    return tool.missing(environ) if engine == "powershell" else None
