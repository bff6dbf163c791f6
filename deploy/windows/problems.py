"""What went wrong on a host, in words for people."""

from collections.abc import Mapping
from typing import Any

from deploy.model.problem import Problem
from deploy.winrm.channel import RequestFailed
from deploy.winrm.errors import WinrmError
from deploy.wire.errors import CODES, WireError


def lost(error: WinrmError) -> Problem:
    """The host did not answer."""
    return Problem(error.kind.value, error.host, error.what, next=error.next)


def refused(host: str, failed: RequestFailed) -> Problem:
    """The host answered with an error."""
    error = failed.error
    what = error.message
    if error.code == "locked":
        what = _holder(error) or what
    elif error.actual is not None:
        what += f" (found: {error.actual})"
    if failed.done:
        what += f"; {len(failed.done)} steps before it were carried out"
    where = f"{host}: {error.where}" if error.where else host
    expected = "" if error.expected is None else str(error.expected)
    return Problem(error.code, where, what, expected, CODES.get(error.code, ""))


def _holder(error: WireError) -> str:
    """Who holds the lock."""
    record: Any = error.actual
    if not isinstance(record, Mapping):
        return ""
    return f"locked by {record.get('who')}: {record.get('kind')} {record.get('run')} since {record.get('since')}"
