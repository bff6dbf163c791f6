"""A line of a move's diff, taken apart for showing: what it is about, before, after. Pure."""

from dataclasses import dataclass

NOTHING = "none"


@dataclass(frozen=True, slots=True)
class DiffLine:
    """`before` and `after` are None where the line doesn't tell them; `label` then is the whole line."""

    label: str
    before: str | None = None
    after: str | None = None


def diff_line(line: str) -> DiffLine:
    """`label: before → after`, `+ added`, `- removed`, or a sentence."""
    if line[:1] == "+":
        return DiffLine("", None, line[1:].strip())
    if line[:1] == "-":
        return DiffLine("", line[1:].strip(), None)
    label, colon, values = line.partition(": ")
    before, arrow, after = values.partition(" → ")
    if not colon or not arrow:
        return DiffLine(line)
    return DiffLine(label, None if before == NOTHING else before, None if after == NOTHING else after)
