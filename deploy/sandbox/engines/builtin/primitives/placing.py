"""Placing a file: beside it first, verified, then in one move; and putting back what was there."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deploy.sandbox.engines.builtin.disk import chunks_of, file_sha256, flush_folder, open_shared, write_flushed
from deploy.sandbox.engines.builtin.holding import require_replaceable
from deploy.sandbox.engines.builtin.primitives.acl import Acl
from deploy.sandbox.engines.builtin.world import World
from deploy.wire.errors import WireError


def place_file(world: World, path: str, chunks: Iterator[bytes], size: int, sha256: str, acl: Acl | None) -> None:
    """Writes the file, ACL before content; WireError `checksum`, `disk-full`, `exists`, `busy`, `access-denied`."""
    local = world.disk.own(path)
    if local.is_dir():
        raise WireError("exists", f"{path} is a folder", expected="a file, or nothing")
    world.require_space(size)
    local.parent.mkdir(parents=True, exist_ok=True)
    beside = local.with_name(f"{local.name[:190]}.{hashlib.sha256(local.name.encode()).hexdigest()[:8]}.tsd-new")
    try:
        beside.touch()
        if acl is not None:
            world.kernel.acl_set(_sibling(path, beside), acl)
        found = write_flushed(beside, chunks)
        if found != (size, sha256):
            raise WireError("checksum", f"{path}: other bytes arrived", expected=[size, sha256], actual=list(found))
        require_replaceable(world, path, local)
        if acl is not None:
            # The simulated machine keeps ACLs by name; Windows' move with the file.
            world.kernel.acl_set(path, acl)
        beside.replace(local)
    finally:
        beside.unlink(missing_ok=True)
    flush_folder(local.parent)


def keep_file(world: World, path: str, kept: Path) -> dict[str, Any]:
    """Copies what is at `path` to `kept`, flushed; gives what restore_file needs besides."""
    local = world.disk.own(path)
    if not local.is_file():
        return {"exists": False}
    with open_shared(local) as source:
        world.kernel.disk_take(os.fstat(source.fileno()).st_size)
        size, sha256 = write_flushed(kept, chunks_of(source))
    return {"exists": True, "size": size, "sha256": sha256, "acl": world.kernel.acl(path)}


def restore_file(world: World, path: str, found: dict[str, Any], kept: Path) -> None:
    """Puts back what keep_file found: the bytes and the ACL, or absence."""
    local = world.disk.own(path)
    if not found["exists"]:
        local.unlink(missing_ok=True)
        if local.parent.is_dir():
            flush_folder(local.parent)
    elif not local.is_file() or file_sha256(local) != found["sha256"]:
        require_replaceable(world, path, local)
        # Moved, not copied: an undo must not need space on a full disk.
        if found["acl"] is not None:
            world.kernel.acl_set(path, found["acl"])
        kept.replace(local)
        flush_folder(local.parent)
    elif found["acl"] is not None:
        world.kernel.acl_set(path, found["acl"])


def _sibling(path: str, beside: Path) -> str:
    return path[: max(path.rfind("\\"), path.rfind("/")) + 1] + os.fspath(beside.name)
