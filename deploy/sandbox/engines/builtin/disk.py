"""The machine's files: reached directly, confined to the root folder, flushed before anyone relies on them."""

import hashlib
import os
import queue
import shutil
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import IO

from deploy.sandbox.engines.builtin.windows_path import parts_of
from deploy.sandbox.machine.paths import to_local
from deploy.wire.errors import WireError

if sys.platform != "win32":  # simulated hosts run elsewhere only; reading this module works everywhere
    import fcntl

CHUNK = 1024 * 1024
_WAITING_PIECES = 4


@dataclass(frozen=True, slots=True)
class Disk:
    """`host_folder` holds the simulated disk; `root` is the Windows path outside which nothing is changed."""

    host_folder: Path
    root: str

    def local(self, path: object) -> Path:
        """The real path of an absolute Windows path, found without regard to case. Need not exist."""
        drive, names = parts_of(path)
        if drive != "C":
            raise WireError("missing", f"{path!r}: there is no drive {drive}:")
        return to_local(self.host_folder, "C:\\" + "\\".join(names))

    def own(self, path: object) -> Path:
        """As `local`, but only below the root folder, and through no reparse point."""
        root = self.local(self.root)
        found = self.local(path)
        if root not in found.parents:
            raise WireError("bad-request", f"{path!r} is not below {self.root}", expected=self.root)
        between = found.parent
        while between != root:
            if between.is_symlink():
                raise WireError("bad-request", f"{path!r} leads through a reparse point", expected=self.root)
            between = between.parent
        return found


def chunks_of(source: IO[bytes]) -> Iterator[bytes]:
    """A stream in pieces."""
    while chunk := source.read(CHUNK):
        yield chunk


def open_shared(path: Path) -> BufferedReader:
    """Opens for reading; raises WireError `busy` while another process holds the file for itself alone."""
    source = path.open("rb")
    try:
        fcntl.flock(source, fcntl.LOCK_SH | fcntl.LOCK_NB)
        fcntl.flock(source, fcntl.LOCK_UN)
    except BlockingIOError:
        source.close()
        raise WireError("busy", f"{path.name} is being used by another process") from None
    return source


def file_sha256(path: Path) -> str:
    """Digest of a file, lower hex; raises WireError `busy`."""
    with open_shared(path) as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def flush_folder(folder: Path) -> None:
    """Makes names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_flushed(path: Path, chunks: Iterator[bytes]) -> tuple[int, str]:
    """Writes a file and flushes it; gives size and SHA-256 of what was written."""
    size = 0
    with path.open("wb") as target, _Digest() as digest:
        for chunk in chunks:
            digest.update(chunk)
            target.write(chunk)
            size += len(chunk)
        target.flush()
        os.fsync(target.fileno())
    return size, digest.hex()


class _Digest:
    """SHA-256 of a stream; what comes in large pieces is hashed by a thread, while the next one is read and written."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._pieces: queue.Queue[bytes | None] = queue.Queue(_WAITING_PIECES)
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "_Digest":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is not None:
            self._pieces.put(None)
            self._thread.join()

    def update(self, piece: bytes) -> None:
        """The next piece."""
        if self._thread is None:
            if len(piece) < CHUNK:
                self._sha256.update(piece)
                return
            self._thread = threading.Thread(target=self._hash, name="sha256", daemon=True)
            self._thread.start()
        self._pieces.put(piece)

    def hex(self) -> str:
        """The digest, lower hex; after the `with`."""
        return self._sha256.hexdigest()

    def _hash(self) -> None:
        while (piece := self._pieces.get()) is not None:
            self._sha256.update(piece)


def replace_bytes(path: Path, content: bytes) -> None:
    """Writes beside, flushes, replaces: a reader sees the old bytes or the new ones."""
    beside = path.with_name(path.name + ".new")
    write_flushed(beside, iter((content,)))
    beside.replace(path)
    flush_folder(path.parent)


def remove_tree(path: Path) -> None:
    """Removes a folder or file; of a reparse point only the point itself. Absent: nothing happens."""
    if path.is_symlink() or path.is_file():
        path.unlink(missing_ok=True)
    elif path.exists():
        shutil.rmtree(path)


def files_below(folder: Path) -> dict[str, Path]:
    """Relative path with forward slashes → real path, of every file; nothing is followed out of the folder."""
    found: dict[str, Path] = {}
    for place, _, names in os.walk(folder, followlinks=False):
        for name in names:
            path = Path(place) / name
            found[path.relative_to(folder).as_posix()] = path
    return found
