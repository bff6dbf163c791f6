"""How Windows keeps a service: the values of its key, read anew each time, and the bytes of its recovery actions."""

import struct
from dataclasses import dataclass
from typing import Literal

from deploy.sandbox.machine.kernel import KernelError, RegistryValue
from deploy.sandbox.machine.registry import Hive

SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
START_AUTO, START_MANUAL, START_DISABLED = 2, 3, 4
START_TYPES: dict[str, tuple[int, int]] = {
    "auto": (START_AUTO, 0),
    "delayed-auto": (START_AUTO, 1),
    "manual": (START_MANUAL, 0),
    "demand": (START_MANUAL, 0),
    "disabled": (START_DISABLED, 0),
}
"""Start type → the values `Start` and `DelayedAutostart`."""

WIN32_OWN_PROCESS = 0x10
ActionKind = Literal["none", "restart", "reboot", "run"]
_ACTIONS: dict[int, ActionKind] = {0: "none", 1: "restart", 2: "reboot", 3: "run"}


@dataclass(frozen=True, slots=True)
class FailureActions:
    """What the SCM does after the first, second, … failure; `reset_s` without one starts the count anew."""

    reset_s: int
    actions: tuple[tuple[ActionKind, int], ...]
    """Kind and delay in milliseconds."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A registered service as the SCM sees it."""

    name: str
    image_path: str
    start: int
    delayed: bool
    account: str
    depends_on: tuple[str, ...]
    environment: tuple[str, ...]
    failure_actions: FailureActions
    on_non_crash: bool
    deleted: bool


def key_of(name: str) -> str:
    """The registry key of a service."""
    return f"{SERVICES}\\{name}"


def names(hive: Hive) -> list[str]:
    """Services in the registry: keys with an ImagePath."""
    return [name for name in hive.subkeys(SERVICES) if hive.value(key_of(name), "ImagePath") is not None]


def read(hive: Hive, name: str) -> Registration | None:
    """The registration, None when there is none."""
    values = hive.get(key_of(name))
    if values is None:
        return None
    data = {key.lower(): value for key, (_, value) in values.items()}
    if "imagepath" not in data:
        return None
    return Registration(
        name=name,
        image_path=data["imagepath"],
        start=data.get("start", START_MANUAL),
        delayed=bool(data.get("delayedautostart", 0)),
        account=data.get("objectname", "LocalSystem"),
        depends_on=tuple(data.get("dependonservice", ())),
        environment=tuple(data.get("environment", ())),
        failure_actions=parse_failure_actions(data.get("failureactions", "")),
        on_non_crash=bool(data.get("failureactionsonnoncrashfailures", 0)),
        deleted=bool(data.get("deleteflag", 0)),
    )


def new_values(
    image_path: str, start: str, account: str, display_name: str, description: str
) -> dict[str, RegistryValue]:
    """The values that CreateService writes; KernelError 87 for an unknown start type."""
    if start not in START_TYPES:
        raise KernelError(87, f"start type {start!r}: expected one of {', '.join(START_TYPES)}")
    number, delayed = START_TYPES[start]
    values: dict[str, RegistryValue] = {
        "Type": ("REG_DWORD", WIN32_OWN_PROCESS),
        "Start": ("REG_DWORD", number),
        "ErrorControl": ("REG_DWORD", 1),
        "ImagePath": ("REG_EXPAND_SZ", image_path),
        "DisplayName": ("REG_SZ", display_name),
        "ObjectName": ("REG_SZ", account or "LocalSystem"),
    }
    if description:
        values["Description"] = ("REG_SZ", description)
    if delayed:
        values["DelayedAutostart"] = ("REG_DWORD", 1)
    return values


def parse_failure_actions(hexadecimal: str) -> FailureActions:
    """Reads the value `FailureActions`; nothing or nonsense means no actions, as for Windows."""
    data = bytes.fromhex(hexadecimal)
    if len(data) < 20:
        return FailureActions(0, ())
    reset_s, _, _, count, _ = struct.unpack_from("<5I", data)
    fitting = min(count, (len(data) - 20) // 8)
    pairs = (struct.unpack_from("<2I", data, 20 + 8 * i) for i in range(fitting))
    return FailureActions(reset_s, tuple((_ACTIONS.get(kind, "none"), delay) for kind, delay in pairs))
