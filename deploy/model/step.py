"""A primitive step, as it is planned, shown, hashed, sent and journaled."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that travel beside a step as a data stream: given, or those of a local file.

    `label` says what they are and may be shown and hashed (a digest, say); `content` is neither.
    """

    label: str
    content: bytes | Path = field(repr=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One verb of docs/protocol.md with its arguments.

    `id` is unique on its host and in its plan. A `Blob` anywhere inside `args` becomes a data stream when the step is
    sent. `reason` is for people: why this step is needed.
    """

    id: str
    verb: str
    args: dict[str, Any]
    reason: str
    service: str = ""
    expect: dict[str, Any] | None = None
    deadline_s: float = 30.0
