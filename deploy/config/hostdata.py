"""What a host's data may say to the connector, and what of it goes to the templates."""

from difflib import get_close_matches
from typing import Any

from pydantic import TypeAdapter, ValidationError

from deploy.config.settings import Settings, transport_fault
from deploy.config.suggest import did_you_mean
from deploy.model.host import Host
from deploy.model.problem import Problem

_TEXTS = frozenset({"winrm_address", "service_address", "firewall_remote"})
CONNECTOR_KEYS = frozenset({*_TEXTS, *(name for name in Settings.model_fields if name.startswith("winrm_"))})


def template_settings(host: Host) -> dict[str, Any]:
    """The values that templates see as `settings`: no connector's key, no setting, nothing hidden."""
    reserved = CONNECTOR_KEYS | Settings.model_fields.keys()
    return {
        key: value
        for key, value in host.data.items()
        if key not in reserved and not key.startswith("_") and not hasattr(value, "unmask")
    }


def data_problems(where: str, data: dict[str, Any]) -> list[Problem]:
    """What is wrong with connector keys in this data; never shows a value."""
    problems = []
    for key, value in data.items():
        if key.startswith("winrm_") and key not in CONNECTOR_KEYS:
            problems.append(_unknown_key(where, key))
        elif key in CONNECTOR_KEYS and value is not None and not _fits(key, value):
            problems.append(
                Problem("bad-value", f"{where}: {key}", "of a wrong type", _expected(key), "correct it there")
            )
    problems += [_slip(where, key, meant) for key in data if (meant := _meant(key))]
    password = data.get("winrm_password")
    if isinstance(password, str):
        problems.append(
            Problem(
                "plain-password",
                f"{where}: winrm_password",
                "a password in plain text, which pyinfra would print",
                "Hidden(…) of deploy.config.hidden, read from a file or a variable",
                "take it out, change it, and set DEPLOY_WINRM_PASSWORD",
            )
        )
    fault = transport_fault(str(data.get("winrm_transport")), str(data.get("winrm_scheme")))
    if fault:
        problems.append(Problem("bad-value", f"{where}: winrm_scheme", fault, "https", "correct it there"))
    return problems


def _meant(key: str) -> str | None:
    """The setting that a key is nearly, but not, the name of: its value would silently count for nothing."""
    if key in Settings.model_fields or key in CONNECTOR_KEYS or key.startswith("winrm_"):
        return None
    return next(iter(get_close_matches(key, Settings.model_fields, 1, 0.85)), None)


def _slip(where: str, key: str, meant: str) -> Problem:
    return Problem("unknown-key", f"{where}: {key}", "no such setting", "a setting's name", f"did you mean {meant!r}?")


def _unknown_key(where: str, key: str) -> Problem:
    advice = did_you_mean(key, CONNECTOR_KEYS)
    if "validation" in key or "verify" in key:
        advice = "certificates are always validated; name the authority in winrm_ca_path"
    return Problem("unknown-key", f"{where}: {key}", "no such key", "a key that the connector knows", advice)


def _fits(key: str, value: object) -> bool:
    if key in _TEXTS:
        return isinstance(value, str) and bool(value.strip())
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(Settings.__annotations__[key])
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True


def _expected(key: str) -> str:
    field = Settings.model_fields.get(key)
    return (field.description or "").strip(".") if field else "text, such as a host name or an IP address"
