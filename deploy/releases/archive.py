"""Zips whose bytes follow from their content alone, and the check that one holds exactly what its manifest says."""

import hashlib
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.model.problem import Problem, Refused
from deploy.releases.names import collisions, member_fault

_EPOCH = (1980, 1, 1, 0, 0, 0)
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Packed:
    """A zip: SHA-256 of it and of each file in it (lower hex), size in bytes."""

    sha256: str
    size: int
    files: dict[str, str] = field(repr=False)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, lower hex, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def folder_files(folder: Path, *, without: frozenset[str] = frozenset()) -> dict[str, Path]:
    """Every file below `folder` by relative path; raises Refused for links, special files and impossible names."""
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise Refused(_bad_member(str(folder), name, "is a link", "plain files and folders"))
        if path.is_dir():
            continue
        if not path.is_file():
            raise Refused(_bad_member(str(folder), name, "is neither file nor folder", "plain files and folders"))
        if name not in without:
            found[name] = path
    check_names(str(folder), found)
    return found


def check_names(where: str, names: Mapping[str, object]) -> None:
    """Raises Refused with every name that Windows could not hold, or that would lead out of the folder."""
    problems = [
        _bad_member(where, name, fault, "a relative path that Windows can hold")
        for name in names
        if (fault := member_fault(name))
    ]
    problems += [
        _bad_member(where, second, f"collides with {first!r}", "names that differ in more than case")
        for first, second in collisions(names)
    ]
    if problems:
        raise Refused(*problems)


def pack(files: Mapping[str, Path | bytes], dest: Path) -> Packed:
    """Writes a zip of `files`: sorted, same time, same permissions, same compression. Each file is read once."""
    digests: dict[str, str] = {}
    with zipfile.ZipFile(dest, "w") as target:
        for name in sorted(files):
            source = files[name]
            content = source if isinstance(source, bytes) else source.read_bytes()
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            target.writestr(info, content, zipfile.ZIP_DEFLATED, 6)
            digests[name] = hashlib.sha256(content).hexdigest()
    return Packed(sha256_of(dest), dest.stat().st_size, digests)


def read_packed(path: Path, where: str) -> Packed:
    """What a zip holds, folders left out; raises Refused for a damaged or encrypted one, or for forbidden members."""
    digests: dict[str, str] = {}
    try:
        with zipfile.ZipFile(path) as source:
            for info in source.infolist():
                if info.is_dir():
                    continue
                if (info.external_attr >> 16) & 0o170000 == 0o120000:
                    raise Refused(_bad_member(where, info.filename, "is a link", "plain files"))
                if info.orig_filename in digests:
                    raise Refused(_bad_member(where, info.orig_filename, "is there twice", "each file once"))
                # orig_filename: zipfile itself turns backslashes and cuts at NUL before we could object.
                digests[info.orig_filename] = _member_sha256(source, info)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError) as exc:
        raise Refused(
            Problem("archive-damaged", where, f"cannot be read: {exc}", "a sound zip", "fetch or build it again")
        ) from exc
    check_names(where, digests)
    return Packed(sha256_of(path), path.stat().st_size, digests)


def check_packed(packed: Packed, files: Mapping[str, str], where: str) -> None:
    """Raises Refused unless the zip holds exactly `files`."""
    problems = [
        Problem("archive-differs", f"{where}: {name}", what, "what the manifest says", "build the artifact again")
        for name in sorted(packed.files.keys() | files.keys())
        if (what := _difference(packed.files.get(name), files.get(name)))
    ]
    if problems:
        raise Refused(*problems)


def _member_sha256(source: zipfile.ZipFile, info: zipfile.ZipInfo) -> str:
    digest = hashlib.sha256()
    with source.open(info) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _difference(actual: str | None, expected: str | None) -> str | None:
    if actual == expected:
        return None
    if actual is None:
        return "is missing from the archive"
    return "is in the archive, but in no manifest" if expected is None else "was changed"


def _bad_member(where: str, name: str, fault: str, expected: str) -> Problem:
    return Problem("bad-member", where, f"{name!r} {fault}", expected, "rename or remove it, then build again")
