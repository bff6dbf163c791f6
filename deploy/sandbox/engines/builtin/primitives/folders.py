"""dir.ensure, dir.remove, cache.prune."""

from pathlib import Path

from deploy.sandbox.engines.builtin.disk import flush_folder, remove_tree
from deploy.sandbox.engines.builtin.holding import runs_from
from deploy.sandbox.engines.builtin.primitives.acl import checked_acl, differs
from deploy.sandbox.engines.builtin.primitives.primitive import Primitive, made_when_changed
from deploy.sandbox.engines.builtin.world import Call, Change, World
from deploy.wire.errors import WireError


def _own_or_root(world: World, path: object) -> Path:
    found = world.disk.local(path)
    return found if found == world.disk.local(world.disk.root) else world.disk.own(path)


def _check_ensure(world: World, call: Call) -> Change:
    path = call.args["path"]
    folder = _own_or_root(world, path)
    acl = checked_acl(call.args["acl"])
    if folder.exists() and not folder.is_dir():
        raise WireError("exists", f"{path} is a file", expected="a folder, or nothing")
    if not folder.is_dir():
        return Change(True, {"created": True})
    return Change(True, {"acl": True}) if differs(world.kernel, path, acl) else Change(False)


def _ensure(world: World, call: Call) -> None:
    folder = _own_or_root(world, call.args["path"])
    folder.mkdir(parents=True, exist_ok=True)
    if call.args["acl"] is not None:
        world.kernel.acl_set(call.args["path"], call.args["acl"])
    flush_folder(folder.parent)


def _check_remove(world: World, call: Call) -> Change:
    folder = world.disk.own(call.args["path"])
    if folder.is_file() and not folder.is_symlink():
        raise WireError("bad-request", f"{call.args['path']} is a file", expected="a folder")
    there = folder.exists() or folder.is_symlink()
    return Change(there, {"removed": call.args["path"]} if there else None)


def _remove(world: World, call: Call) -> None:
    folder = world.disk.own(call.args["path"])
    remove_tree(folder)
    flush_folder(folder.parent)


def _prunable(world: World, call: Call) -> list[str]:
    kept = {world.disk.own(path) for path in call.args["keep"]}
    return [
        path
        for path in call.args["folders"]
        if (local := world.disk.own(path)) not in kept and (local.exists() or local.is_symlink())
    ]


def _check_prune(world: World, call: Call) -> Change:
    removed = _prunable(world, call)
    return Change(bool(removed), {"removed": removed} if removed else None)


def _prune(world: World, call: Call) -> Change:
    """What a process still runs from stays whole, and is told: the next run finds it again."""
    found = _prunable(world, call)
    busy = [path for path in found if runs_from(world, path)]
    removed = [path for path in found if path not in busy]
    for path in removed:
        remove_tree(world.disk.own(path))
    detail = {"removed": removed, **({"busy": busy} if busy else {})}
    return Change(bool(removed), detail if found else None)


FOLDER_VERBS = {
    "dir.ensure": Primitive(
        frozenset({"path", "acl"}), frozenset(), _check_ensure, made_when_changed(_check_ensure, _ensure)
    ),
    "dir.remove": Primitive(frozenset({"path"}), frozenset(), _check_remove, made_when_changed(_check_remove, _remove)),
    "cache.prune": Primitive(frozenset({"keep", "folders"}), frozenset(), _check_prune, _prune),
}
