"""Equality as the protocol means it: by JSON, where `true` is not 1."""

import json
from typing import Any


def is_subset(expected: Any, actual: Any) -> bool:
    """Whether every field of `expected`, however deep, has an equal one in `actual`; lists are equal as a whole."""
    if isinstance(expected, dict):
        return isinstance(actual, dict) and all(
            name in actual and is_subset(value, actual[name]) for name, value in expected.items()
        )
    return json.dumps(expected, sort_keys=True) == json.dumps(actual, sort_keys=True)
