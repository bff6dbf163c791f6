"""Batches: how many hosts of a wave go together."""

import math
import re
from collections.abc import Sequence
from typing import TypeVar

from deploy.model.problem import Problem, UsageError

Item = TypeVar("Item")
_SIZE = re.compile(r"([1-9]\d{0,3})(%?)")


def batch_size(text: str, hosts: int) -> int:
    """Hosts in one batch: a number, or a percentage of `hosts` rounded up; at least 1. UsageError for anything else."""
    match = _SIZE.fullmatch(text.strip())
    if match is None or (match.group(2) and int(match.group(1)) > 100):
        raise UsageError(
            Problem("bad-batch", "--batch", f"{text!r} is no batch size", "a number such as 2, or 1% to 100%")
        )
    number = int(match.group(1))
    return max(1, math.ceil(number * hosts / 100) if match.group(2) else number)


def batches(items: Sequence[Item], size: int) -> tuple[tuple[Item, ...], ...]:
    """`items` in order, `size` at a time."""
    return tuple(tuple(items[at : at + size]) for at in range(0, len(items), size))
