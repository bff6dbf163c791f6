"""The registry: keys and values in any case, kept in the machine's state."""

from typing import Any

from deploy.sandbox.machine.kernel import REGISTRY_TYPES, KernelError, RegistryType, RegistryValue
from deploy.sandbox.machine.state import State

_ROOTS = {
    "hklm": "HKLM",
    "hkey_local_machine": "HKLM",
    "hkcu": "HKCU",
    "hkey_current_user": "HKCU",
    "hku": "HKU",
    "hkey_users": "HKU",
    "hkcr": "HKCR",
    "hkey_classes_root": "HKCR",
}


def normal(key: str) -> str:
    """A key with its short root and no trailing backslash; KernelError 161 for an unknown root."""
    root, _, rest = key.replace("/", "\\").strip("\\").partition("\\")
    known = _ROOTS.get(root.rstrip(":").lower())
    if known is None:
        raise KernelError(161, f"registry key {key!r}: expected one that begins with HKLM, HKCU, HKU or HKCR")
    return f"{known}\\{rest}" if rest else known


class Hive:
    """All keys: lower-cased key → its own spelling and its values (lower-cased name → name, type, value)."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._keys = state.sections["registry"]

    def get(self, key: str) -> dict[str, RegistryValue] | None:
        """Values by name, None when there is no such key."""
        with self._state.lock:
            found = self._keys.get(normal(key).lower())
            return None if found is None else {name: (type_, value) for name, type_, value in found["values"].values()}

    def value(self, key: str, name: str) -> Any:
        """The data of one value, in any case; None when absent."""
        with self._state.lock:
            found = self._keys.get(normal(key).lower(), {"values": {}})["values"].get(name.lower())
            return None if found is None else found[2]

    def subkeys(self, key: str) -> list[str]:
        """Names of the keys right below."""
        prefix = normal(key).lower() + "\\"
        with self._state.lock:
            below = (found["key"] for low, found in self._keys.items() if low.startswith(prefix))
            names = {full[len(prefix) :].partition("\\")[0] for full in below}
        return sorted(names, key=str.lower)

    def create(self, key: str) -> None:
        """Makes an empty key when it is not there."""
        with self._state.lock:
            self._make(normal(key))
            self._state.save()

    def set(self, key: str, name: str, type_: RegistryType, value: Any) -> None:
        """Sets one value, making the key; KernelError 87 for data that is not of its type."""
        self.set_all(key, {name: (type_, value)})

    def set_all(self, key: str, values: dict[str, RegistryValue]) -> None:
        """Sets several values at once."""
        for name, (type_, value) in values.items():
            _check(key, name, type_, value)
        with self._state.lock:
            found = self._make(normal(key))
            for name, (type_, value) in values.items():
                found["values"][name.lower()] = [name, type_, value]
            self._state.save()

    def delete(self, key: str, name: str | None) -> None:
        """Deletes a value, or with None the key and what lies below it."""
        low = normal(key).lower()
        with self._state.lock:
            if name is not None:
                self._keys.get(low, {"values": {}})["values"].pop(name.lower(), None)
            else:
                for found in [each for each in self._keys if each == low or each.startswith(low + "\\")]:
                    del self._keys[found]
            self._state.save()

    def _make(self, key: str) -> dict[str, Any]:
        parts = key.split("\\")
        for count in range(1, len(parts) + 1):
            path = "\\".join(parts[:count])
            self._keys.setdefault(path.lower(), {"key": path, "values": {}})
        found: dict[str, Any] = self._keys[key.lower()]
        return found


def _check(key: str, name: str, type_: RegistryType, value: Any) -> None:
    kind = REGISTRY_TYPES.get(type_)
    good = kind is not None and isinstance(value, kind) and not isinstance(value, bool)
    if good and type_ == "REG_BINARY":
        good = len(value) % 2 == 0 and not set(value) - set("0123456789abcdef")
    if good and type_ == "REG_DWORD":
        good = 0 <= value < 2**32
    if not good:
        raise KernelError(87, f"registry value {key}\\{name}: {value!r} is not data of type {type_}")
