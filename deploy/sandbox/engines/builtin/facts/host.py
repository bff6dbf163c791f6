"""Facts about the machine, our own installation, the lock and the firewall."""

from typing import Any

from deploy.sandbox.engines.builtin.layout import TASK_PATH
from deploy.sandbox.engines.builtin.primitives.installation import installed_modules, task_module
from deploy.sandbox.engines.builtin.run_lock import read_lock
from deploy.sandbox.engines.builtin.world import World
from deploy.wire.frames import PROTOCOL


def system(world: World) -> dict[str, Any]:
    """Section `host`; times in seconds."""
    return world.kernel.system()


def agent(world: World) -> dict[str, Any]:
    """Section `agent`."""
    task = world.kernel.task(TASK_PATH)
    return {
        "sha": world.agent,
        "protocol": PROTOCOL,
        "modules": list(installed_modules(world)),
        "task": {
            "exists": task is not None,
            "enabled": task is not None and task["enabled"],
            "sha": task_module(task) if task is not None else None,
        },
    }


def lock(world: World) -> dict[str, Any]:
    """Section `lock`: the record, or null when nobody has it, and whether the mutex is taken."""
    record = read_lock(world)
    return {
        "record": record if record["run"] is not None else None,
        "held": world.kernel.mutex_taken(world.layout.worker_mutex),
    }


def firewall(world: World, names: list[str]) -> list[dict[str, Any]]:
    """Section `firewall`."""
    return [_rule(world, name) for name in names]


def _rule(world: World, name: str) -> dict[str, Any]:
    rule = world.kernel.rule(name)
    if rule is None:
        return {"name": name, "exists": False, "port": 0, "remote": "", "enabled": False}
    return {"name": name, "exists": True, **{key: rule[key] for key in ("port", "remote", "enabled")}}
