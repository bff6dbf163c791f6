"""Numbers among a step's arguments: what is none, or out of its range, is refused before anything is done."""

from collections.abc import Callable
from typing import Any

MOST_S = 1_000_000


def _is_whole(value: object, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def _is_size(value: object) -> bool:
    return _is_whole(value, 0, 2**63 - 1)


def _is_port(value: object) -> bool:
    return _is_whole(value, 1, 65535)


def _are_ports(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) and _is_port(each.get("port")) for each in value)


def _is_quantity(value: object) -> bool:
    return type(value) in {int, float} and 0 <= value <= MOST_S  # type: ignore[operator]  # a number by now


_TESTS: dict[str, Callable[[object], bool]] = {
    "size": _is_size,
    "port": _is_port,
    "ports": _are_ports,
    "settle_s": _is_quantity,
    "min_healthy_s": _is_quantity,
    "interval_s": _is_quantity,
}


def wrong_numbers(args: dict[str, Any]) -> list[str]:
    """Names of the arguments that should be numbers and are none."""
    return sorted(name for name, test in _TESTS.items() if name in args and not test(args[name]))
