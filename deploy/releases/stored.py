"""What every part of a store shares: reading JSON from Files, naming places, refusing other content."""

import json
import re
from typing import Any
from urllib.parse import quote

from deploy.model.problem import Problem, Refused
from deploy.releases.files import Files
from deploy.releases.manifest import damaged

SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Stored:
    """A part of a store over Files; `location` is for messages."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self.location = files.location

    def _json(self, where: str, absent: dict[str, Any] | None = None) -> dict[str, Any]:
        content = self._files.read(where)
        if content is None and absent is not None:
            return absent
        try:
            value = json.loads(content or b"")
        except ValueError as exc:
            raise Refused(damaged(self._place(where), "is not JSON")) from exc
        if not isinstance(value, dict) or value.get("format") != 1:
            raise Refused(damaged(self._place(where), "has a format that this version does not read"))
        return value

    def _place(self, where: str) -> str:
        return f"{self.location}/{where}"


def url_below(base_url: str, where: str) -> str:
    """URL of a store's file."""
    return f"{base_url.rstrip('/')}/{quote(where)}"


def exists_already(where: str, differing: tuple[str, ...]) -> Problem:
    """A version is never given to two contents."""
    shown = ", ".join(differing[:5]) + (f" and {len(differing) - 5} more" if len(differing) > 5 else "")
    detail = f": {shown}" if shown else ""
    return Problem(
        "version-exists",
        where,
        f"is in the store with other content{detail}",
        "a version that was never built",
        "build under a new version",
    )
