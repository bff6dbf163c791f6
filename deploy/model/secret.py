"""A secret value: it can be compared and revealed on purpose, never printed by accident."""

import hashlib
import hmac


class Secret:
    """Wraps text that must not reach a log, an exception or a report; only adapters call `reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself."""
        return self._value

    def digest(self, key: "Secret") -> str:
        """HMAC-SHA256 of the value, hex: tells a change without telling the value."""
        return hmac.new(key._value.encode(), self._value.encode(), hashlib.sha256).hexdigest()

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not pickled")
