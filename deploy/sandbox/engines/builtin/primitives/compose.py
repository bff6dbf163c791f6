"""folder.compose: a folder made of archives and files, exactly as its manifest says, or not at all."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

from deploy.sandbox.engines.builtin.disk import (
    chunks_of,
    file_sha256,
    files_below,
    flush_folder,
    remove_tree,
    write_flushed,
)
from deploy.sandbox.engines.builtin.primitives.acl import checked_acl
from deploy.sandbox.engines.builtin.primitives.primitive import Primitive, made_when_changed
from deploy.sandbox.engines.builtin.windows_path import relative_names
from deploy.sandbox.engines.builtin.world import Call, Change, World
from deploy.wire.errors import WireError


def damage(folder: Path, manifest: dict[str, str]) -> list[str]:
    """Relative paths that are missing, superfluous or changed, compared with the manifest."""
    found = files_below(folder)
    wrong = set(manifest) ^ set(found)
    wrong |= {rel for rel in manifest.keys() & found.keys() if _changed(found[rel], manifest[rel])}
    return sorted(wrong)


def _changed(path: Path, sha256: str) -> bool:
    return path.is_symlink() or file_sha256(path) != sha256


def _check(world: World, call: Call) -> Change:
    dest = world.disk.own(call.args["dest"])
    checked_acl(call.args["acl"])
    for rel in call.args["manifest"]:
        relative_names(rel)
    if not dest.exists():
        return Change(True, {"was": "absent"})
    if not dest.is_dir() or dest.is_symlink():
        raise WireError("exists", f"{call.args['dest']} is no folder", expected="a folder, or nothing")
    damaged = damage(dest, call.args["manifest"])
    return Change(True, {"was": "damaged", "damaged": damaged[:20]}) if damaged else Change(False)


def _make(world: World, call: Call) -> None:
    dest = world.disk.own(call.args["dest"])
    dest.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(dest)
    made = dest.with_name(f"{dest.name}.tmp-{os.getpid()}")
    try:
        made.mkdir()
        _fill(world, call, made)
        flush_folder(made)
        if dest.exists():
            # Renamed, not emptied: a process that runs from it keeps its files until it ends.
            dest.rename(_free_name(dest))
        made.rename(dest)
    finally:
        remove_tree(made)
    if call.args["acl"] is not None:
        world.kernel.acl_set(call.args["dest"], call.args["acl"])
    flush_folder(dest.parent)


def _fill(world: World, call: Call, made: Path) -> None:
    manifest: dict[str, str] = call.args["manifest"]
    written: set[str] = set()
    for path in call.args["archives"]:
        archive = world.disk.local(path)
        if not archive.is_file():
            raise WireError("missing", f"archive {path} is not on the host")
        written |= _unpack(world, archive, path, made, manifest)
    for file in call.args["files"]:
        with call.stream(file["data"]).open("rb") as source:
            written.add(_write(made, file["path"], source, manifest))
    if lacking := sorted(set(manifest) - written):
        raise WireError("checksum", f"{len(lacking)} files are missing, {lacking[0]!r} first", expected=lacking[:20])


def _unpack(world: World, archive: Path, path: str, made: Path, manifest: dict[str, str]) -> set[str]:
    try:
        with ZipFile(archive) as zipped:
            members = [member for member in zipped.infolist() if not member.is_dir()]
            world.require_space(sum(member.file_size for member in members))
            return {_extract(zipped, member, made, manifest) for member in members}
    except (BadZipFile, EOFError, NotImplementedError) as exc:
        raise WireError("checksum", f"archive {path} is damaged: {exc}") from exc


def _extract(zipped: ZipFile, member: ZipInfo, made: Path, manifest: dict[str, str]) -> str:
    with zipped.open(member) as source:
        return _write(made, member.filename, source, manifest)


def _write(made: Path, rel: str, source: IO[bytes], manifest: dict[str, str]) -> str:
    """Writes one file below `made`, hashed on the way; gives its name in the manifest."""
    names = relative_names(rel)
    name = "/".join(names)
    if name not in manifest:
        raise WireError("checksum", f"{name!r} is not in the manifest", actual=name)
    target = made.joinpath(*names)
    target.parent.mkdir(parents=True, exist_ok=True)
    _, sha256 = write_flushed(target, _whole(source, name))
    if sha256 != manifest[name]:
        raise WireError("checksum", f"{name!r} is not what the manifest says", expected=manifest[name], actual=sha256)
    return name


def _whole(source: IO[bytes], name: str) -> Iterator[bytes]:
    try:
        yield from chunks_of(source)
    except (BadZipFile, EOFError) as exc:
        raise WireError("checksum", f"{name!r} is damaged in its archive: {exc}") from exc


def _remove_leftovers(dest: Path) -> None:
    """What a killed predecessor was making; nobody else is at work, we hold the run lock."""
    for entry in dest.parent.iterdir():
        if entry.name.startswith(f"{dest.name}.tmp-"):
            remove_tree(entry)


def _free_name(dest: Path) -> Path:
    number = 1
    while (aside := dest.with_name(f"{dest.name}.damaged-{number}")).exists():
        number += 1
    return aside


COMPOSE_VERBS = {
    "folder.compose": Primitive(
        frozenset({"dest", "archives", "files", "manifest", "acl"}),
        frozenset(),
        _check,
        made_when_changed(_check, _make),
    )
}
