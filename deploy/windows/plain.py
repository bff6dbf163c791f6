"""A command line that is none of the worker's."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Plain:
    """`deadline_s` None: it may take as long as it likes."""

    line: str
    stdin: bytes = field(default=b"", repr=False)
    deadline_s: float | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    directory: str | None = None
