"""service.create, configure, start_type, stop and start."""

from pathlib import Path
from typing import Any

from deploy.sandbox.engines.builtin import registration
from deploy.sandbox.engines.builtin.primitives.primitive import Captured, Primitive, made_when_changed
from deploy.sandbox.engines.builtin.service_control import (
    busy_ports,
    is_gone,
    process_of,
    start_and_wait,
    state_of,
    stop_and_prove,
)
from deploy.sandbox.engines.builtin.world import Call, Change, World
from deploy.wire.errors import WireError

_IDENTITY = frozenset({"name", "image_path", "display_name", "description", "account"})


def _check_create(world: World, call: Call) -> Change:
    registration.service_key(call.args["name"])
    found = registration.read_registration(world.kernel, call.args["name"])
    if registration.is_leaving(world.kernel, call.args["name"]):
        raise WireError("pending-deletion", f"service {call.args['name']!r} is marked for deletion")
    return Change(True, {"created": True}) if found is None else Change(False)


def _create(world: World, call: Call) -> None:
    args = call.args
    _require_password(call)
    _require_own_display_name(world, args["display_name"])
    world.kernel.service_create(
        args["name"], args["image_path"], "disabled", args["account"], args["display_name"], args["description"]
    )


def _require_password(call: Call) -> None:
    """Raises WireError `bad-request` when an account needs a password and none was given."""
    account = call.args["account"].lower()
    needs_none = (
        account == "localsystem" or account.startswith(("nt authority\\", "nt service\\")) or account[-1:] == "$"
    )
    if not needs_none and call.args.get("password") is None:
        raise WireError("bad-request", f"service {call.args['name']!r}: the account {account} needs a password")


def _require_own_display_name(world: World, display_name: str) -> None:
    """Raises WireError `exists` when another service is shown, or called, so already."""
    for name in world.kernel.services() if display_name else ():
        found = registration.read_registration(world.kernel, name) or {}
        if display_name.lower() in {name.lower(), str(found.get("display_name", "")).lower()}:
            raise WireError("exists", f"service {name!r} has the display name {display_name!r}", actual=name)


def _check_configure(world: World, call: Call) -> Change:
    found = registration.require_registration(world.kernel, call.args["name"])
    fields = registration.differing(found, call.args)
    return Change(bool(fields), {"fields": list(fields)} if fields else None)


def _configure(world: World, call: Call) -> None:
    name = call.args["name"]
    fields = registration.differing(registration.require_registration(world.kernel, name), call.args)
    if "account" in fields:
        _require_password(call)
    registration.write_fields(world.kernel, name, call.args, fields)
    left = registration.differing(registration.require_registration(world.kernel, name), call.args)
    if left:
        raise WireError("unexpected-state", f"service {name!r} did not take {', '.join(left)}", expected=list(left))


def _capture_values(world: World, call: Call, _kept: Path) -> Captured:
    return registration.raw_values(world.kernel, call.args["name"])


def _is_removed(world: World, call: Call) -> bool:
    """Somebody removed it meanwhile, or marked it for deletion: then there is nothing to put back."""
    name = call.args["name"]
    return registration.read_registration(world.kernel, name) is None or registration.is_leaving(world.kernel, name)


def _restore_values(world: World, call: Call, captured: dict[str, Any], _kept: Path) -> None:
    if _is_removed(world, call):
        return
    registration.restore_raw(world.kernel, call.args["name"], captured)


def _check_start_type(world: World, call: Call) -> Change:
    registration.require_start_type(call.args["start"])
    found = registration.require_registration(world.kernel, call.args["name"])["start"]
    return Change(found != call.args["start"], {"was": found} if found != call.args["start"] else None)


def _set_start(world: World, call: Call) -> None:
    registration.set_start(world.kernel, call.args["name"], call.args["start"])


def _capture_start(world: World, call: Call, _kept: Path) -> Captured:
    return {"start": registration.require_registration(world.kernel, call.args["name"])["start"]}


def _restore_start(world: World, call: Call, captured: dict[str, Any], _kept: Path) -> None:
    if _is_removed(world, call):
        return
    registration.set_start(world.kernel, call.args["name"], captured["start"])


def _check_stop(world: World, call: Call) -> Change:
    name = call.args["name"]
    start = registration.require_registration(world.kernel, name)["start"]
    was = {"start": start, "state": state_of(world, name)}
    done = start == "disabled" and was["state"] == "Stopped" and not busy_ports(world, call.args["ports"])
    return Change(not done, None if done else {"was": was})


def _stop(world: World, call: Call) -> Change:
    change = _check_stop(world, call)
    stop_and_prove(world, call.args["name"], call.args, call.deadline)
    return change


def _capture_run(world: World, call: Call, _kept: Path) -> Captured:
    found = registration.require_registration(world.kernel, call.args["name"])
    ran = state_of(world, call.args["name"]) in {"Running", "StartPending"}
    return {"start": found["start"], "ran": ran, "process": process_of(world, call.args["name"])}


def _run_again(world: World, call: Call, captured: dict[str, Any], _kept: Path) -> None:
    name = call.args["name"]
    if _is_removed(world, call):
        return
    if process_of(world, name) != captured["process"]:
        # A boot or a recovery action may have started what later steps had set up: that is not the old service.
        stop_and_prove(world, name, call.args, call.deadline)
    if captured["ran"]:
        # Windows starts no service that is disabled, and this one may have run while it was
        registration.set_start(world.kernel, name, "manual" if captured["start"] == "disabled" else captured["start"])
        start_and_wait(world, name, call.deadline)
    registration.set_start(world.kernel, name, captured["start"])


def _stop_settled(world: World, call: Call) -> bool:
    return is_gone(world, call.args["name"], call.args["ports"])


def _check_start(world: World, call: Call) -> Change:
    state = state_of(world, call.args["name"])
    return Change(state != "Running", {"was": state} if state != "Running" else None)


def _start(world: World, call: Call) -> None:
    start_and_wait(world, call.args["name"], call.deadline)


def _stop_again(world: World, call: Call, _captured: dict[str, Any], _kept: Path) -> None:
    if not _is_removed(world, call):
        stop_and_prove(world, call.args["name"], call.args, call.deadline)


SERVICE_VERBS = {
    "service.create": Primitive(
        _IDENTITY, frozenset({"password"}), _check_create, made_when_changed(_check_create, _create)
    ),
    "service.configure": Primitive(
        _IDENTITY | frozenset(registration.CONFIGURABLE),
        frozenset({"password"}),
        _check_configure,
        made_when_changed(_check_configure, _configure),
        _capture_values,
        _restore_values,
    ),
    "service.start_type": Primitive(
        frozenset({"name", "start"}),
        frozenset(),
        _check_start_type,
        made_when_changed(_check_start_type, _set_start),
        _capture_start,
        _restore_start,
    ),
    "service.stop": Primitive(
        frozenset({"name", "ports", "on_timeout"}),
        frozenset(),
        _check_stop,
        _stop,
        _capture_run,
        _run_again,
        _stop_settled,
    ),
    "service.start": Primitive(
        frozenset({"name"}),
        frozenset({"ports", "on_timeout"}),
        _check_start,
        made_when_changed(_check_start, _start),
        undo=_stop_again,
    ),
}
