"""service.adopt: what ran before us becomes a revision that an undo or a rollback can return to."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from deploy.sandbox.engines.builtin.disk import (
    chunks_of,
    file_sha256,
    files_below,
    flush_folder,
    remove_tree,
    replace_bytes,
    write_flushed,
)
from deploy.sandbox.engines.builtin.primitives.primitive import Primitive
from deploy.sandbox.engines.builtin.registration import require_registration, service_key
from deploy.sandbox.engines.builtin.world import Call, Change, World, read_json
from deploy.wire.errors import WireError

_SYSTEM_FOLDERS = ("c:\\windows", "c:\\program files\\windowsapps")


def program_of(image_path: str) -> str:
    """The program in an image path: what is quoted, else what ends with the first `.exe`, else the first word."""
    text = image_path.strip()
    if text.startswith('"'):
        return text[1:].partition('"')[0]
    end = text.lower().find(".exe")
    return text[: end + 4] if end >= 0 else text.partition(" ")[0]


def adoption_hash(registration: dict[str, Any], files: dict[str, str]) -> str:
    """The first 12 digits of a digest over all that makes the service what it is."""
    text = json.dumps({"registration": registration, "files": files}, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:12]


def _record_path(world: World, name: str) -> Path:
    service_key(name)
    return world.disk.own(rf"{world.layout.adopted}\{name}.json")


def _wanted(world: World, name: str) -> dict[str, Any] | None:
    """The record that adoption would write, None when the service already is one of our revisions."""
    registration = require_registration(world.kernel, name)
    folder = program_of(registration["image_path"]).rpartition("\\")[0]
    if folder.lower().startswith(rf"{world.layout.root}\releases".lower() + "\\"):
        return None
    if folder.count("\\") < 1 or folder.lower().startswith(_SYSTEM_FOLDERS):
        raise WireError("unsupported", f"service {name!r} runs out of {folder!r}, which can't be copied")
    files = {rel: file_sha256(path) for rel, path in sorted(files_below(world.disk.local(folder)).items())}
    if not files:
        raise WireError("missing", f"service {name!r}: its program folder {folder!r} is empty or absent")
    digits = adoption_hash(registration, files)
    return {
        "revision": f"unmanaged@{digits}",
        "registration": registration,
        "folder": folder,
        "copy": rf"{world.layout.root}\releases\{name}\unmanaged-{digits}",
    }


def _check(world: World, call: Call) -> Change:
    wanted = _wanted(world, call.args["name"])
    record = read_json(_record_path(world, call.args["name"]))
    if wanted is None:
        return Change(False, record)
    same = record == wanted and world.disk.local(wanted["copy"]).is_dir()
    return Change(not same, wanted)


def _adopt(world: World, call: Call) -> Change:
    change = _check(world, call)
    if not change.changed:
        return change
    wanted = change.detail
    _copy_verified(world, wanted["folder"], wanted["copy"])
    world.private_folder(world.layout.adopted)
    replace_bytes(_record_path(world, call.args["name"]), json.dumps(wanted, indent=1).encode())
    return change


def _copy_verified(world: World, folder: str, copy: str) -> None:
    """Copies beside, reads the copy back, renames."""
    source, target = world.disk.local(folder), world.disk.own(copy)
    files = files_below(source)
    world.require_space(sum(path.stat().st_size for path in files.values()))
    made = target.with_name(f"{target.name}.tmp-{os.getpid()}")
    remove_tree(made)
    remove_tree(target)
    for rel, path in files.items():
        place = made / rel
        place.parent.mkdir(parents=True, exist_ok=True)
        with path.open("rb") as stream:
            _, sha256 = write_flushed(place, chunks_of(stream))
        if file_sha256(place) != sha256:
            raise WireError("checksum", f"{copy}: {rel!r} was not copied faithfully")
    made.rename(target)
    flush_folder(target.parent)


ADOPTION_VERBS = {"service.adopt": Primitive(frozenset({"name"}), frozenset(), _check, _adopt)}
