"""Small tables of the machine's state: firewall rules and access control lists."""

from typing import Any

from deploy.sandbox.machine.kernel import KernelError
from deploy.sandbox.machine.state import State

_RULE = ("name", "display_name", "port", "remote", "enabled")


class Firewall:
    """Inbound rules by name, in any case."""

    def __init__(self, state: State) -> None:
        self._state, self._rules = state, state.sections["rules"]

    def get(self, name: str) -> dict[str, Any] | None:
        """A rule, None when there is none of that name."""
        with self._state.lock:
            found = self._rules.get(name.lower())
            return None if found is None else dict(found)

    def put(self, rule: dict[str, Any]) -> None:
        """Adds or replaces; KernelError 87 for a rule without its fields."""
        if missing := [field for field in _RULE if field not in rule]:
            raise KernelError(87, f"firewall rule {rule.get('name')!r}: without {', '.join(missing)}")
        with self._state.lock:
            self._rules[rule["name"].lower()] = dict(rule)
            self._state.save()

    def delete(self, name: str) -> None:
        """Absent: nothing happens."""
        with self._state.lock:
            if self._rules.pop(name.lower(), None) is not None:
                self._state.save()


class AccessLists:
    """ACLs by Windows path, in any case; a path without one has that of its nearest parent."""

    def __init__(self, state: State) -> None:
        self._state, self._acls = state, state.sections["acls"]

    def get(self, path: str) -> dict[str, Any] | None:
        """The ACL that holds for a path, None for the default."""
        at = _plain(path)
        with self._state.lock:
            while at:
                if at in self._acls:
                    return dict(self._acls[at])
                at = at.rpartition("\\")[0]
        return None

    def set(self, path: str, acl: dict[str, Any]) -> None:
        """Sets one, as docs/protocol.md writes it."""
        with self._state.lock:
            self._acls[_plain(path)] = dict(acl)
            self._state.save()


def _plain(path: str) -> str:
    return path.replace("/", "\\").rstrip("\\").lower()
