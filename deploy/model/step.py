"""A primitive step, as it is planned, shown, hashed, sent and journaled."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that travel beside a step as a data stream. `label` may be shown, `content` never is."""

    label: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One verb of docs/protocol.md with its arguments.

    `id` is unique on its host and in its plan. A `Blob` anywhere inside `args` becomes a data stream when the step is
    sent. `reason` is for people: why this step is needed. `phase` is "stage" or "cutover".
    """

    id: str
    verb: str
    args: dict[str, Any]
    reason: str
    service: str = ""
    expect: dict[str, Any] | None = None
    deadline_s: float = 30.0
