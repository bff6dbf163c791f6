"""How long a port did not answer, seen from outside. Pure."""

from collections.abc import Iterable

Sample = tuple[float, bool]
"""When a connection was tried, in seconds, and whether it was accepted."""


def longest_outage_s(samples: Iterable[Sample]) -> float:
    """The longest time from the last answer before a refusal to the next answer; to the last try when none came.

    So it is never too short: the port went down after the one and came up before the other. Tries before the first
    answer don't count.
    """
    longest_s, answered_at, refused = 0.0, None, False
    for at, answered in samples:
        if answered_at is not None and (refused or not answered):
            longest_s = max(longest_s, at - answered_at)
        if answered:
            answered_at = at
        refused = not answered
    return longest_s
