"""The engines by name: how a host of each is made, and whether it can be had here."""

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.sandbox.engines.builtin.engine import BuiltinEngine
from deploy.sandbox.fleet.host import Host, SimulatedHost
from deploy.sandbox.wine import tool
from deploy.sandbox.wine.host import WineHost
from deploy.sandbox.wsman.accounts import Accounts
from deploy.sandbox.wsman.server import Endpoint

MakeHost = Callable[[Path, str, Endpoint, Accounts, str, ssl.SSLContext], Host]
"""Folder, name, end point, accounts, user, TLS."""


def _builtin(
    folder: Path, name: str, endpoint: Endpoint, accounts: Accounts, user: str, tls: ssl.SSLContext
) -> SimulatedHost:
    return SimulatedHost(folder, name, endpoint, accounts, user, tls, BuiltinEngine())


def _powershell(
    folder: Path, name: str, endpoint: Endpoint, accounts: Accounts, _user: str, tls: ssl.SSLContext
) -> WineHost:
    return WineHost(folder, name, endpoint, accounts, tls)


ENGINES: dict[str, MakeHost] = {"builtin": _builtin, "powershell": _powershell}


def missing(engine: str, environ: Mapping[str, str]) -> tuple[str, str] | None:
    """What this computer lacks for an engine, and what to type; None when nothing."""
    return tool.missing(environ) if engine == "powershell" else None
