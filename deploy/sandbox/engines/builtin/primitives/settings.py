"""registry.set and firewall.ensure."""

from pathlib import Path
from typing import Any

from deploy.sandbox.engines.builtin.primitives.primitive import Captured, Primitive, made_when_changed
from deploy.sandbox.engines.builtin.world import Call, Change, World
from deploy.sandbox.machine.kernel import REGISTRY_TYPES
from deploy.wire.errors import WireError


def _found(world: World, call: Call) -> list[Any] | None:
    values = world.kernel.reg_get(call.args["key"]) or {}
    name = call.args["name"].lower()
    return next(([type_, value] for key, (type_, value) in values.items() if key.lower() == name), None)


def _check_registry(world: World, call: Call) -> Change:
    args = call.args
    if not isinstance(args["key"], str) or not args["key"].upper().startswith("HKLM\\"):
        raise WireError("bad-request", f"{args['key']!r}: expected a key below HKLM")
    if args["value"] is not None and (
        args["type"] not in REGISTRY_TYPES or not isinstance(args["value"], REGISTRY_TYPES[args["type"]])
    ):
        raise WireError(
            "bad-request", f"{args['name']!r}: the value is no {args['type']}", expected=sorted(REGISTRY_TYPES)
        )
    found = _found(world, call)
    wanted = None if args["value"] is None else [args["type"], args["value"]]
    return Change(found != wanted, {"was": "absent" if found is None else "other"} if found != wanted else None)


def _write(world: World, call: Call, wanted: list[Any] | None) -> None:
    if wanted is None:
        world.kernel.reg_delete(call.args["key"], call.args["name"])
    else:
        world.kernel.reg_set(call.args["key"], call.args["name"], *wanted)


def _set_registry(world: World, call: Call) -> None:
    _write(world, call, None if call.args["value"] is None else [call.args["type"], call.args["value"]])


def _capture_registry(world: World, call: Call, _kept: Path) -> Captured:
    return {"value": _found(world, call)}


def _restore_registry(world: World, call: Call, captured: dict[str, Any], _kept: Path) -> None:
    _write(world, call, captured["value"])


def _rule(args: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": args["name"],
        "display_name": args["display_name"],
        "port": args["port"],
        "remote": args["remote"],
        "enabled": True,
    }


def _check_firewall(world: World, call: Call) -> Change:
    found = world.kernel.rule(call.args["name"])
    if not call.args["present"]:
        return Change(found is not None, {"removed": True} if found is not None else None)
    wanted = _rule(call.args)
    fields = sorted(field for field in wanted if found is None or found.get(field) != wanted[field])
    return Change(bool(fields), {"fields": fields} if fields else None)


def _set_firewall(world: World, call: Call) -> None:
    if call.args["present"]:
        world.kernel.rule_put(_rule(call.args))
    else:
        world.kernel.rule_delete(call.args["name"])


SETTING_VERBS = {
    "registry.set": Primitive(
        frozenset({"key", "name", "type", "value"}),
        frozenset(),
        _check_registry,
        made_when_changed(_check_registry, _set_registry),
        _capture_registry,
        _restore_registry,
    ),
    "firewall.ensure": Primitive(
        frozenset({"name", "display_name", "port", "remote", "present"}),
        frozenset(),
        _check_firewall,
        made_when_changed(_check_firewall, _set_firewall),
    ),
}
