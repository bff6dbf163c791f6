"""Steps and access lists that the files' tests share."""

from typing import Any

from tests.contract.connection import sha256, step

PRIVATE = {
    "inherit": False,
    "grants": [{"sid": "S-1-5-18", "rights": "full"}, {"sid": "S-1-5-32-544", "rights": "full"}],
}


def put(path: str, content: bytes, acl: Any = None) -> dict[str, Any]:
    return step("file.put", path=path, sha256=sha256(content), size=len(content), data={"data": 0}, acl=acl)
