"""Where a store's files lie: the port, and its implementation over a directory."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from deploy.model.problem import Problem, Refused
from deploy.releases.archive import sha256_of
from deploy.releases.manifest import canonical, damaged

INDEX = "index.json"
_LISTED = ("releases/*.json", "runtimes/*.json", "artifacts/*/*.json")


class Files(Protocol):
    """Files by relative path (forward slashes). Raises Refused when they can't be reached: that is never absence."""

    location: str

    def names(self, folder: str) -> tuple[str, ...]:
        """Relative paths of the listed JSON files below `folder`, sorted."""

    def read(self, name: str) -> bytes | None:
        """A small file's content, or None when there is no such file."""

    def fetch(self, name: str, sha256: str) -> Path:
        """A local file with exactly these bytes; raises Refused when the store has none, or others."""

    def write(self, name: str, content: bytes | Path, *, new: bool) -> None:
        """Puts the whole file there, or nothing; `new` raises FileExistsError for one that is there already."""


class DirectoryFiles:
    """A folder, local or on a share."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.location = str(root)

    def names(self, folder: str) -> tuple[str, ...]:
        """As in Files; an absent folder is empty."""
        return tuple(name for name in self._listed() if name.startswith(f"{folder}/"))

    def read(self, name: str) -> bytes | None:
        """As in Files."""
        with _reachable(self.location):
            try:
                return (self.root / name).read_bytes()
            except FileNotFoundError:
                return None

    def fetch(self, name: str, sha256: str) -> Path:
        """As in Files."""
        path = self.root / name
        with _reachable(self.location):
            if not path.is_file():
                raise Refused(damaged(str(path), "is missing"))
            if sha256_of(path) != sha256:
                raise Refused(damaged(str(path), "was changed"))
        return path

    def write(self, name: str, content: bytes | Path, *, new: bool) -> None:
        """As in Files; then writes the index that an HTTP server of this folder needs."""
        with _reachable(self.location):
            write_atomically(self.root / name, content, new=new)
            if name.endswith(".json"):
                write_atomically(self.root / INDEX, index_bytes(self._listed()), new=False)

    def _listed(self) -> tuple[str, ...]:
        with _reachable(self.location):
            return tuple(sorted(path.relative_to(self.root).as_posix() for p in _LISTED for path in self.root.glob(p)))


def index_bytes(names: tuple[str, ...]) -> bytes:
    """index.json: the list that a plain web server can't give."""
    return canonical({"format": 1, "files": sorted(names)})


def write_atomically(path: Path, content: bytes | Path, *, new: bool) -> None:
    """Writes beside, flushes, then renames; with `new`, links instead, which refuses to replace (FileExistsError)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as target:
            if isinstance(content, bytes):
                target.write(content)
            else:
                with content.open("rb") as source:
                    while chunk := source.read(1 << 20):
                        target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
        temporary.chmod(0o644)
        if new:
            _place_new(temporary, path)
        else:
            temporary.replace(path)
        _flush_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _place_new(temporary: Path, path: Path) -> None:
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:
        # Some shares have no hard links: then two builds at the same moment are not told apart.
        if path.exists():
            raise FileExistsError(path) from None
        temporary.replace(path)


def _flush_folder(folder: Path) -> None:
    # Windows can't open a folder for flushing; NTFS journals the rename itself.
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _reachable(location: str) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise
    except OSError as exc:
        raise Refused(
            Problem(
                "store-unreachable",
                f"store {location}",
                str(exc.strerror or exc),
                "a folder that can be reached",
                "check the store's path and its permissions",
            )
        ) from exc
