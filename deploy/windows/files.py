"""Files as pyinfra gives them, names or open ones, as content for the worker and back."""

import hashlib
from io import IOBase, TextIOBase
from pathlib import Path
from typing import IO, Any, cast

from deploy.model.step import Blob, Step

FileOrName = str | IOBase
"""pyinfra's own words for it; an open file may be one for text."""
_PIECE = 1024 * 1024
_SLOWEST_BYTES_PER_S = 1_000_000


def content_of(given: FileOrName) -> bytes | Path:
    """Bytes of an open file from its beginning, or the path of a named one, which is read when it is sent."""
    if isinstance(given, str):
        return Path(given)
    given.seek(0)
    data = cast(IO[Any], given).read()
    return data.encode("utf-8") if isinstance(data, str) else bytes(data)


def put_step(path: str, content: bytes | Path) -> Step:
    """The step that puts it there. Its digest is taken now, from the file as it is: nothing is remembered."""
    digest, size = _digest(content)
    args = {"path": path, "sha256": digest, "size": size, "data": Blob(digest, content), "acl": None}
    return Step(f"file-{path}", "file.put", args, "file is sent", deadline_s=60 + size // _SLOWEST_BYTES_PER_S)


def write_to(target: FileOrName, data: bytes) -> None:
    """Writes to the named or open file; one opened for text gets UTF-8."""
    if isinstance(target, str):
        Path(target).write_bytes(data)
    elif isinstance(target, TextIOBase):
        target.write(data.decode("utf-8"))
    else:
        cast(IO[bytes], target).write(data)


def _digest(content: bytes | Path) -> tuple[str, int]:
    """SHA-256 in lower hex, and size."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest(), len(content)
    digest, size = hashlib.sha256(), 0
    with content.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size
