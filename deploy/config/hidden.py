"""A secret in an inventory: readable by connectors, masked wherever pyinfra prints data."""

import os
from pathlib import Path

from pyinfra.api.hiddenvalue import HiddenValue


class Hidden(HiddenValue):
    """pyinfra's hidden value, which `debug-inventory` can also serialise; equal when the values are."""

    def __init__(self, value: str) -> None:
        super().__init__(value)  # type: ignore[no-untyped-call]

    def to_json(self) -> str:
        """What pyinfra's JSON output shows."""
        return "*MASKED*"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HiddenValue) and self.unmask() == other.unmask()

    def __hash__(self) -> int:
        return hash(self.unmask())

    @classmethod
    def read(cls, path: Path) -> "Hidden | None":
        """The file's text without the line end, or None when there is no such file (yet)."""
        return cls(path.read_text("utf-8").rstrip("\r\n")) if path.is_file() else None

    @classmethod
    def environ(cls, name: str) -> "Hidden | None":
        """The environment variable's value, or None when it isn't set."""
        return cls(os.environ[name]) if os.environ.get(name) else None
