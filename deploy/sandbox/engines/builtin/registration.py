"""A service's registration: the registry values that make it, read, compared and written."""

import re
from collections.abc import Callable
from typing import Any

from deploy.sandbox.machine.kernel import Kernel, RegistryType, RegistryValue
from deploy.wire.errors import WireError

SERVICES_KEY = r"HKLM\SYSTEM\CurrentControlSet\Services"
CONFIGURABLE = (
    "image_path",
    "display_name",
    "description",
    "account",
    "depends_on",
    "environment",
    "failure_actions",
    "failure_on_non_crash",
    "sid_type",
)
"""Fields of a registration that `service.configure` sets; the start type is a verb of its own."""

_START_OF = {0: "boot", 1: "system", 2: "auto", 3: "manual", 4: "disabled"}
_START_CODE = {"auto": 2, "delayed-auto": 2, "manual": 3, "disabled": 4}
_SID_OF = {0: "none", 1: "unrestricted", 3: "restricted"}
_SID_CODE = {name: code for code, name in _SID_OF.items()}

_VALUES = {
    "image_path": "ImagePath",
    "display_name": "DisplayName",
    "description": "Description",
    "account": "ObjectName",
    "depends_on": "DependOnService",
    "environment": "Environment",
    "failure_actions": "FailureActions",
    "failure_on_non_crash": "FailureActionsOnNonCrashFailures",
    "sid_type": "ServiceSidType",
}

_TYPES: dict[str, RegistryType] = {
    "image_path": "REG_EXPAND_SZ",
    "depends_on": "REG_MULTI_SZ",
    "environment": "REG_MULTI_SZ",
    "failure_actions": "REG_BINARY",
    "failure_on_non_crash": "REG_DWORD",
    "sid_type": "REG_DWORD",
}
_TO_REGISTRY: dict[str, Callable[[Any], Any]] = {
    "environment": lambda value: [f"{key}={text}" for key, text in value.items()],
    "failure_on_non_crash": int,
    "sid_type": lambda value: _SID_CODE[value],
}
_REMOVED_WHEN_EMPTY = frozenset({"depends_on", "environment", "failure_actions", "description"})


_NAME = re.compile(r"""[^\\/'"*?\[\]\x00-\x1f]{1,255}""")
"""No signs of patterns and no quotes, which others read their own way; a key's name has 255 characters at most."""


def service_key(name: object) -> str:
    """The service's key. Raises WireError `bad-request` for what can't be a service's name."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise WireError("bad-request", f"{name!r} is no service name")
    return rf"{SERVICES_KEY}\{name}"


def read_registration(kernel: Kernel, name: str) -> dict[str, Any] | None:
    """The registration as docs/protocol.md writes it, None when the service isn't registered."""
    key = service_key(name)
    if kernel.service_status(name) is None:
        return None
    values = {name.lower(): value for name, (_, value) in (kernel.reg_get(key) or {}).items()}
    return {
        "image_path": values.get("imagepath", ""),
        "start": _start(values),
        "account": values.get("objectname", "LocalSystem"),
        "display_name": values.get("displayname", ""),
        "description": values.get("description", ""),
        "depends_on": list(values.get("dependonservice", [])),
        "environment": _environment(values.get("environment", [])),
        "failure_actions": values.get("failureactions", ""),
        "failure_on_non_crash": bool(values.get("failureactionsonnoncrashfailures", 0)),
        "sid_type": _SID_OF.get(values.get("servicesidtype", 0), "none"),
    }


def require_registration(kernel: Kernel, name: str) -> dict[str, Any]:
    """As read_registration; raises WireError `missing`."""
    found = read_registration(kernel, name)
    if found is None:
        raise WireError("missing", f"service {name!r} is not registered", expected="a registered service")
    return found


def differing(found: dict[str, Any], wanted: dict[str, Any]) -> tuple[str, ...]:
    """The fields of `wanted` whose value is another one in the registration."""
    return tuple(field for field in CONFIGURABLE if field in wanted and found[field] != wanted[field])


def write_fields(kernel: Kernel, name: str, wanted: dict[str, Any], fields: tuple[str, ...]) -> None:
    """Sets the named fields; an empty one is removed, as a service without it has none."""
    _require_lasting(kernel, name)
    for field in fields:
        value = _registry_value(field, wanted[field])
        if value is None:
            kernel.reg_delete(service_key(name), _VALUES[field])
        else:
            kernel.reg_set(service_key(name), _VALUES[field], *value)


def require_start_type(start: object) -> None:
    """Raises WireError `bad-request` for what is no start type."""
    if start not in _START_CODE:
        raise WireError("bad-request", f"{start!r} is no start type", expected=sorted(_START_CODE))


def set_start(kernel: Kernel, name: str, start: str) -> None:
    """Sets the start type."""
    require_start_type(start)
    _require_lasting(kernel, name)
    key = service_key(name)
    if start != "disabled":
        kernel.reg_set(key, "DelayedAutostart", "REG_DWORD", int(start == "delayed-auto"))
    kernel.reg_set(key, "Start", "REG_DWORD", _START_CODE[start])


def is_leaving(kernel: Kernel, name: str) -> bool:
    """Whether the service is marked for deletion."""
    return bool((kernel.reg_get(service_key(name)) or {}).get("DeleteFlag"))


def _require_lasting(kernel: Kernel, name: str) -> None:
    """Raises WireError `pending-deletion`, as ChangeServiceConfig does."""
    if is_leaving(kernel, name):
        raise WireError("pending-deletion", f"service {name!r} is marked for deletion")


def raw_values(kernel: Kernel, name: str) -> dict[str, Any]:
    """The registry values behind CONFIGURABLE, None for those that are absent: what an undo puts back exactly."""
    values = {key.lower(): [key, *value] for key, value in (kernel.reg_get(service_key(name)) or {}).items()}
    return {value: values.get(value.lower()) for value in _VALUES.values()}


def restore_raw(kernel: Kernel, name: str, values: dict[str, Any]) -> None:
    """Puts back what raw_values gave."""
    for value, found in values.items():
        if found is None:
            kernel.reg_delete(service_key(name), value)
        else:
            kernel.reg_set(service_key(name), *found)


def _start(values: dict[str, Any]) -> str:
    start = _START_OF.get(values.get("start", 3), "manual")
    return "delayed-auto" if start == "auto" and values.get("delayedautostart") else start


def _environment(lines: list[str]) -> dict[str, str]:
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def _registry_value(field: str, value: Any) -> RegistryValue | None:
    if field in _REMOVED_WHEN_EMPTY and not value:
        return None
    return _TYPES.get(field, "REG_SZ"), _TO_REGISTRY.get(field, lambda text: text)(value)
