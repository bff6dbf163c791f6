"""executor.install and executor.remove: what of ours stays on a host between runs."""

from pathlib import Path
from typing import Any

from deploy.sandbox.engines.builtin.disk import flush_folder, remove_tree, replace_bytes
from deploy.sandbox.engines.builtin.journal_file import open_journals, settleable_journals
from deploy.sandbox.engines.builtin.layout import PRIVATE_ACL, TASK_PATH
from deploy.sandbox.engines.builtin.primitives.primitive import Primitive
from deploy.sandbox.engines.builtin.world import Call, Change, World
from deploy.sandbox.machine.kernel import Task
from deploy.wire.errors import WireError

SCRIPT = b"# The settling task's program. The sandbox's built-in engine carries it out by itself.\r\n"
_STATE_LEFTOVERS = ("executor.json", "incoming")


def installed_modules(world: World) -> dict[str, Path]:
    """SHA-256 → file, of the modules in the agent's folder."""
    folder = world.disk.local(world.layout.agent)
    return {path.stem.lower(): path for path in sorted(folder.glob("*.psm1"))} if folder.is_dir() else {}


def task_module(task: Task) -> str | None:
    """The module version that the settling task runs, None when it can't be told."""
    _, found, rest = task["arguments"].partition(" -Agent ")
    return rest.split()[0] if found and rest.split() else None


def settling_task(world: World, *, enabled: bool) -> Task:
    """The task as it has to be."""
    script = rf"{world.layout.agent}\executor.ps1"
    arguments = f'-NoProfile -NonInteractive -ExecutionPolicy Bypass -File "{script}" -Agent {world.agent}'
    return Task(path=TASK_PATH, command="powershell.exe", arguments=arguments, enabled=enabled)


def _outdated(world: World) -> list[str]:
    """Modules that neither this version nor an open transaction needs."""
    needed = {world.agent} | {str(journal.first.get("agent")) for journal in open_journals(world)}
    return [sha for sha in installed_modules(world) if sha not in needed]


def _check_install(world: World, _call: Call) -> Change:
    script = world.disk.local(rf"{world.layout.agent}\executor.ps1")
    task = world.kernel.task(TASK_PATH)
    parts = {
        "script": not script.is_file() or script.read_bytes() != SCRIPT,
        "acl": any(world.kernel.acl(path) != PRIVATE_ACL for path in (world.layout.agent, world.layout.state)),
        "task": task is None or settling_task(world, enabled=task["enabled"]) != task,
        "removed": _outdated(world),
    }
    detail = {name: value for name, value in parts.items() if value}
    return Change(bool(detail), detail or None)


def _install(world: World, call: Call) -> Change:
    change = _check_install(world, call)
    if not change.changed:
        return change
    if world.agent not in installed_modules(world):
        raise WireError("missing", f"the module {world.agent} is not on the host", expected=world.agent)
    folder = world.private_folder(world.layout.agent)
    world.private_folder(world.layout.state)
    replace_bytes(folder / "executor.ps1", SCRIPT)
    # An open transaction keeps its triggers, or nobody would settle it.
    world.kernel.task_put(settling_task(world, enabled=bool(settleable_journals(world))))
    for sha in _outdated(world):
        installed_modules(world)[sha].unlink()
    flush_folder(folder)
    return change


def _leftovers(world: World) -> dict[str, Any]:
    folder = world.disk.local(world.layout.agent)
    return {
        "task": world.kernel.task(TASK_PATH) is not None,
        "files": sorted(path.name for path in folder.iterdir()) if folder.is_dir() else [],
    }


def _check_remove(world: World, _call: Call) -> Change:
    found = {name: value for name, value in _leftovers(world).items() if value}
    return Change(bool(found), found or None)


def _remove(world: World, call: Call) -> Change:
    change = _check_remove(world, call)
    if settleable_journals(world):
        raise WireError("transaction-open", "a transaction is open: without the task nobody would settle it")
    world.kernel.task_delete(TASK_PATH)
    remove_tree(world.disk.local(world.layout.agent))
    for name in _STATE_LEFTOVERS:
        remove_tree(world.state_file(name))
    _remove_empty(world)
    return change


def _remove_empty(world: World) -> None:
    """State folders that hold nothing: attestations, adoptions and journals are the operator's, and stay."""
    for path in (world.layout.transactions, world.layout.adopted, world.layout.state):
        folder = world.disk.local(path)
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


INSTALLATION_VERBS = {
    "executor.install": Primitive(frozenset(), frozenset(), _check_install, _install),
    "executor.remove": Primitive(frozenset(), frozenset(), _check_remove, _remove),
}
