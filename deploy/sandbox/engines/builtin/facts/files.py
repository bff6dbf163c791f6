"""Facts about files: revisions, runtimes, secrets, paths, adopted services."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

from deploy.sandbox.engines.builtin.disk import file_sha256
from deploy.sandbox.engines.builtin.primitives.acl import is_protected
from deploy.sandbox.engines.builtin.primitives.compose import damage
from deploy.sandbox.engines.builtin.world import World, read_json

MANIFEST = "revision.json"
MAX_CONFIG_BYTES = 16 * 1024
_UNFINISHED = (".tmp-", ".damaged-")


def _folders(path: Path) -> list[Path]:
    if not path.is_dir():
        return []
    return sorted(
        entry for entry in path.iterdir() if entry.is_dir() and not any(mark in entry.name for mark in _UNFINISHED)
    )


def revisions(world: World, *, deep: bool) -> list[dict[str, Any]]:
    """Section `revisions`: every folder below releases\\<service>."""
    known = adopted(world)
    return [
        _revision(world, service.name, folder, known, deep=deep)
        for service in _folders(world.disk.local(rf"{world.layout.root}\releases"))
        for folder in _folders(service)
    ]


def _revision(world: World, service: str, folder: Path, known: dict[str, Any], *, deep: bool) -> dict[str, Any]:
    path = rf"{world.layout.root}\releases\{service}\{folder.name}"
    content, manifest = _manifest(folder)
    fact = {
        "service": service,
        "folder": path,
        "name": folder.name,
        "manifest_sha256": hashlib.sha256(content).hexdigest() if content else "",
        "complete": _complete(folder, manifest, content) or known.get(service, {}).get("copy") == path,
        "manifest": manifest,
        "contents": _contents(folder, manifest),
    }
    if deep:
        fact["damaged"] = _damaged(folder, manifest)
    return fact


def _manifest(folder: Path) -> tuple[bytes, dict[str, Any] | None]:
    try:
        content = (folder / MANIFEST).read_bytes()
        value = json.loads(content)
    except FileNotFoundError:
        return b"", None
    except ValueError:
        return content, None
    return content, value if isinstance(value, dict) and isinstance(value.get("files"), dict) else None


def _contents(folder: Path, manifest: dict[str, Any] | None) -> dict[str, str]:
    """The rendered configuration, so that a plan can show what changes in it; it holds no secrets."""
    names = (manifest or {}).get("config")
    found = {}
    for name in names if isinstance(names, dict) else ():
        try:
            content = (folder / name).read_bytes()
            if len(content) <= MAX_CONFIG_BYTES:
                found[name] = content.decode("utf-8")
        except (OSError, ValueError):
            continue
    return found


def _complete(folder: Path, manifest: dict[str, Any] | None, content: bytes) -> bool:
    """Whether its name is its manifest's and no file is missing; `deep` also looks into the files."""
    if manifest is None or not folder.name.endswith("-" + hashlib.sha256(content).hexdigest()[:12]):
        return False
    return all((folder / rel).is_file() for rel in manifest["files"])


def _damaged(folder: Path, manifest: dict[str, Any] | None) -> list[str]:
    if manifest is None:
        return []
    own = {MANIFEST: file_sha256(folder / MANIFEST)}
    return damage(folder, {**manifest["files"], **own})


def runtimes(world: World, folder: str | None) -> list[dict[str, Any]]:
    """Section `runtimes`: `<runtimes_dir>\\<name>\\<version>`; a folder is renamed into place only when complete."""
    if folder is None:
        return []
    return [
        {"name": name.name, "version": version.name, "complete": any(version.iterdir())}
        for name in _folders(world.disk.local(folder))
        for version in _folders(name)
    ]


def secrets(world: World, asked: list[dict[str, Any]], key: bytes) -> list[dict[str, Any]]:
    """Section `secrets`: digests under the controller's key, so that a change shows and the value doesn't."""
    return [_secret(world, item, key) for item in asked]


def _secret(world: World, item: dict[str, Any], key: bytes) -> dict[str, Any]:
    local = world.disk.local(item["path"])
    exists = local.is_file()
    return {
        "service": item["service"],
        "name": item["name"],
        "path": item["path"],
        "exists": exists,
        "digest": hmac.new(key, local.read_bytes(), hashlib.sha256).hexdigest() if exists else "",
        "protected": exists and is_protected(world.kernel.acl(item["path"]), item["service"]),
    }


def paths(world: World, asked: list[str]) -> list[dict[str, Any]]:
    """Section `paths`."""
    return [_path(world, path) for path in asked]


def _path(world: World, path: str) -> dict[str, Any]:
    local = world.disk.local(path)
    kind = "file" if local.is_file() else "dir" if local.is_dir() else "absent"
    return {
        "path": path,
        "kind": kind,
        "size": local.stat().st_size if kind == "file" else 0,
        "sha256": file_sha256(local) if kind == "file" else "",
        "protected": kind != "absent" and is_protected(world.kernel.acl(path)),
    }


def adopted(world: World) -> dict[str, Any]:
    """Section `adopted`: service → record."""
    folder = world.disk.local(world.layout.adopted)
    return {path.stem: read_json(path) for path in sorted(folder.glob("*.json"))} if folder.is_dir() else {}
