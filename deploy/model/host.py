"""A host of the inventory."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Host:
    """`address`: where its services listen and are probed from the host itself; `data`: merged host and group data."""

    name: str
    address: str
    groups: tuple[str, ...]
    data: dict[str, Any] = field(default_factory=dict, repr=False)
