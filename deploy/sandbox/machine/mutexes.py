"""Named mutexes: each belongs to the connection that took it, and falls free with it."""

import threading


class Mutexes:
    """Names in any case, as `Global\\` names are."""

    def __init__(self) -> None:
        self._holders: dict[str, object] = {}
        self._lock = threading.Lock()

    def take(self, name: str, owner: object) -> bool:
        """Without waiting; true as well when the owner has it already."""
        with self._lock:
            return self._holders.setdefault(name.lower(), owner) is owner

    def give_back(self, name: str, owner: object) -> None:
        """Nothing happens when another one holds it."""
        with self._lock:
            if self._holders.get(name.lower()) is owner:
                del self._holders[name.lower()]

    def taken(self, name: str) -> bool:
        """Whether anyone holds it."""
        with self._lock:
            return name.lower() in self._holders

    def drop(self, owner: object) -> None:
        """The owner's connection ended."""
        with self._lock:
            self._holders = {name: holder for name, holder in self._holders.items() if holder is not owner}

    def clear(self) -> None:
        """A new boot."""
        with self._lock:
            self._holders.clear()
