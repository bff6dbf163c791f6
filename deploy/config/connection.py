"""How one host is reached: the settings, and what its own data says differently."""

from pathlib import Path
from typing import Any

from deploy.config.loading import DEFAULT, LoadedSettings
from deploy.config.settings import PORT_OF, Settings, transport_fault
from deploy.model.host import Host
from deploy.model.problem import Problem

_KEYS = tuple(name for name in Settings.model_fields if name.startswith("winrm_"))
_GROUP_DATA = "inventories/"


def connector_data(loaded: LoadedSettings, host: Host) -> dict[str, Any]:
    """The connector's keys for this host: `winrm_address`, `service_address` and every `winrm_*` setting.

    A setting from the command line, a variable or a file of settings beats the host's data; the host's data beats what
    comes from group_data or is a default. Paths are text; the password keeps its wrapper (Secret or HiddenValue).
    """
    values: dict[str, Any] = {
        "winrm_address": host.data.get("winrm_address") or host.name,
        "service_address": host.address,
    }
    for key in _KEYS:
        own = host.data.get(key)
        weak = loaded.origins[key] == DEFAULT or loaded.origins[key].startswith(_GROUP_DATA)
        values[key] = own if weak and own is not None else getattr(loaded.settings, key)
    if loaded.origins["winrm_port"] == DEFAULT and host.data.get("winrm_port") is None:
        values["winrm_port"] = PORT_OF[values["winrm_scheme"]]
    paths = {
        key: str(loaded.root / value) for key, value in values.items() if key.endswith("_path") and value is not None
    }
    return {**values, **paths}


def connection_problem(environment: str, host: Host, data: dict[str, Any]) -> Problem | None:
    """Why this host can't be logged in to with this data, or None; to be asked before connecting."""
    transport = data["winrm_transport"]
    fault = transport_fault(transport, data["winrm_scheme"])
    if fault:
        return Problem("bad-setting", f"{host.name}: winrm_scheme", fault, "https", "correct it in the inventory")
    optional = {"winrm_user", "winrm_password"} if transport in {"kerberos", "certificate"} else set()
    missing = [key for key in ("winrm_user", "winrm_password") if key not in optional and not data[key]]
    if missing:
        advice = f"set DEPLOY_{missing[0].upper()}, or write .deploy/secrets/{environment}/settings/{missing[0]}"
        what = f"{' and '.join(missing)} not set"
        return Problem("no-credentials", host.name, what, "credentials for the host", _sandbox_or(data, advice))
    authority = data["winrm_ca_path"]
    if data["winrm_scheme"] == "https" and authority and not Path(authority).is_file():
        advice = _sandbox_or(data, "correct winrm_ca_path")
        return Problem("no-authority", f"{host.name}: winrm_ca_path", f"no file {authority}", "a PEM file", advice)
    return None


def _sandbox_or(data: dict[str, Any], advice: str) -> str:
    """Only simulated hosts have a loopback address."""
    simulated = str(data["winrm_address"]).startswith("127.")
    return "start the simulated hosts: invoke sandbox.up" if simulated else advice
