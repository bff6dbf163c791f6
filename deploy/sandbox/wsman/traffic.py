"""What passed a host's listeners, as the server saw it: a witness against the counts that clients keep."""

import threading
from collections import Counter


class Traffic:
    """HTTP requests by what they were: an action of WS-Man, `login` (answered 401), `empty` or `rejected`.

    Thread-safe. Bytes are those of the bodies.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[str] = Counter()
        self._received_bytes = self._sent_bytes = 0

    def count(self, what: str, received_bytes: int, sent_bytes: int) -> None:
        """One request that was answered."""
        with self._lock:
            self._requests[what] += 1
            self._received_bytes += received_bytes
            self._sent_bytes += sent_bytes

    def as_json(self) -> dict[str, object]:
        """`{requests: {what: n}, received_bytes, sent_bytes}` since the host was made."""
        with self._lock:
            return {
                "requests": dict(self._requests),
                "received_bytes": self._received_bytes,
                "sent_bytes": self._sent_bytes,
            }
