"""Stopping and starting a service so that the result is proven, not hoped for."""

from typing import Any

from deploy.sandbox.engines.builtin.registration import read_registration, set_start
from deploy.sandbox.engines.builtin.world import World
from deploy.sandbox.machine.kernel import KernelError, ProcessInfo
from deploy.wire.errors import WireError

POLL_S = 0.05
KILL_GRACE_S = 4.0
"""Less than the time past its deadline after which an executor counts as hung."""
_ALREADY_RUNNING, _NOT_NOW, _NOT_RUNNING, _MARKED_FOR_DELETION = 1056, 1061, 1062, 1072


def state_of(world: World, name: str) -> str:
    """The service's state; raises WireError `missing` when it isn't registered."""
    status = world.kernel.service_status(name)
    if status is None:
        raise WireError("missing", f"service {name!r} is not registered", expected="a registered service")
    return status["state"]


def busy_ports(world: World, ports: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of `ports` on which something listens."""
    return [port for port in ports if world.kernel.listening(port["address"], port["port"])]


def stop_and_prove(world: World, name: str, args: dict[str, Any], deadline: float) -> None:
    """Disables, stops, and returns when the process is gone and its ports are free.

    Disabled first, so that recovery actions can't resurrect it. Raises WireError `still-running` past the deadline,
    with `on_timeout` = `kill` only when ending the process tree did not help either.
    """
    _disable(world, name)
    process = process_of(world, name)
    ports = args.get("ports", [])
    if _await_gone(world, name, process, ports, deadline):
        return
    killed = args.get("on_timeout") == "kill" and _kill(world, name, process_of(world, name) or process)
    if killed and _await_gone(world, name, process, ports, world.clock.now() + KILL_GRACE_S):
        return
    raise WireError(
        "still-running",
        f"service {name!r} is {state_of(world, name)}, ports {busy_ports(world, ports) or 'free'}, past its deadline",
        expected="process gone, ports free",
        actual=process_of(world, name),
    )


def start_and_wait(world: World, name: str, deadline: float) -> None:
    """Starts the service and returns when the SCM says Running; waits first for a stop that is under way."""
    asked = False
    while (state := state_of(world, name)) != "Running":
        if state == "Stopped":
            if asked:
                status = world.kernel.service_status(name)
                raise WireError("start-failed", f"service {name!r} stopped while it was starting", actual=status)
            asked = _ask_to_start(world, name)
        if world.clock.now() >= deadline:
            raise WireError("timeout", f"service {name!r} is {state}", expected="Running", actual=state)
        world.clock.sleep(POLL_S)


def is_gone(world: World, name: str, ports: list[dict[str, Any]]) -> bool:
    """Whether a stop that was given up has ended by itself since."""
    status = world.kernel.service_status(name)
    return status is None or (status["state"] == "Stopped" and not busy_ports(world, ports))


def _disable(world: World, name: str) -> None:
    found = read_registration(world.kernel, name)
    if found is None:
        raise WireError("missing", f"service {name!r} is not registered", expected="a registered service")
    if found["start"] != "disabled":
        set_start(world.kernel, name, "disabled")


def process_of(world: World, name: str) -> ProcessInfo | None:
    """The service's living process."""
    status = world.kernel.service_status(name)
    return world.kernel.process(status["pid"]) if status is not None and status["pid"] else None


def _await_gone(
    world: World, name: str, process: ProcessInfo | None, ports: list[dict[str, Any]], deadline: float
) -> bool:
    asked = False
    while True:
        state = state_of(world, name)
        if state == "Stopped" and not _alive(world, process) and not busy_ports(world, ports):
            return True
        if world.clock.now() >= deadline:
            return False
        if not asked and state in {"Running", "StartPending"}:
            asked = _ask_to_stop(world, name)
        world.clock.sleep(POLL_S)


def _alive(world: World, process: ProcessInfo | None) -> bool:
    if process is None:
        return False
    now = world.kernel.process(process["pid"])
    return now is not None and now["started"] == process["started"]


def _ask_to_stop(world: World, name: str) -> bool:
    """Sends the stop control; False when the service can't take it now and must be asked again."""
    try:
        world.kernel.service_stop(name)
    except KernelError as exc:
        if exc.code not in {_NOT_RUNNING, _NOT_NOW}:
            raise
        return False
    return True


def _ask_to_start(world: World, name: str) -> bool:
    try:
        world.kernel.service_start(name)
    except KernelError as exc:
        if exc.code == _ALREADY_RUNNING:
            return False
        code = "pending-deletion" if exc.code == _MARKED_FOR_DELETION else "start-failed"
        raise WireError(code, f"service {name!r}: {exc}", actual=exc.code) from exc
    return True


def _kill(world: World, name: str, process: ProcessInfo | None) -> bool:
    """Ends the process tree, after making sure that it is the service's and not a stranger with its old number.

    False: there was nothing to end.
    """
    if process is None or not _alive(world, process):
        return False
    registered = read_registration(world.kernel, name) or {}
    if process["image"].lower() not in registered.get("image_path", "").lower():
        raise WireError(
            "still-running",
            f"process {process['pid']} is not the service's own: it was not ended",
            expected=registered.get("image_path"),
            actual=process["image"],
        )
    world.kernel.kill(process["pid"])
    return True
