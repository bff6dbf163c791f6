"""service.drain: asks a service to finish its work, waits, and can take it back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deploy.sandbox.engines.builtin.primitives.primitive import Captured, Primitive
from deploy.sandbox.engines.builtin.primitives.probe import http_request
from deploy.sandbox.engines.builtin.service_control import POLL_S, state_of
from deploy.sandbox.engines.builtin.subset import is_subset
from deploy.sandbox.engines.builtin.world import Call, Change, World
from deploy.wire.errors import WireError

_REQUEST_S = 5.0


def _check(world: World, call: Call) -> Change:
    running = state_of(world, call.args["name"]) == "Running"
    return Change(running, {"drained": True} if running else {"state": "not running"})


def _drain(world: World, call: Call) -> Change:
    change = _check(world, call)
    if change.changed:
        _post(world, call.args["url"], call.deadline)
        if call.args["done"] is not None:
            _await_done(world, call.args["done"], call.deadline)
        world.clock.sleep(min(call.args["settle_s"], max(0.0, call.deadline - world.clock.now())))
    return change


def _capture(world: World, call: Call, _kept: Path) -> Captured:
    return {"ran": state_of(world, call.args["name"]) == "Running"}


def _resume(world: World, call: Call, captured: dict[str, Any], _kept: Path) -> None:
    if captured["ran"] and state_of(world, call.args["name"]) == "Running":
        done = call.args["done"]
        _post(world, call.args["undo_url"], call.deadline, unless=lambda left_s: _is_undrained(done, left_s))


def _is_undrained(done: dict[str, Any] | None, left_s: float) -> bool:
    """Whether the service itself says that it isn't drained; without an answer or a field nobody can tell."""
    if done is None:
        return False
    try:
        found = _read_field(done, left_s)
    except (OSError, ValueError, AttributeError):
        return False
    return found is not None and not is_subset(done["equals"], found)


def _post(world: World, url: str, deadline: float, unless: Callable[[float], bool] = lambda _left_s: False) -> None:
    """POST until 2xx is answered, or `unless` holds: a service that has just come back may not listen yet."""
    while True:
        reason = _attempt(url, deadline - world.clock.now())
        if not reason or unless(deadline - world.clock.now()):
            return
        if world.clock.now() >= deadline:
            raise WireError("timeout", f"POST {url}: {reason}", expected="2xx", actual=reason)
        world.clock.sleep(POLL_S)


def _attempt(url: str, left_s: float) -> str:
    try:
        status, _ = http_request("POST", url, max(0.05, min(_REQUEST_S, left_s)))
    except (OSError, ValueError) as exc:
        return str(exc) or type(exc).__name__
    return "" if 200 <= status < 300 else f"HTTP status {status}"


def _await_done(world: World, done: dict[str, Any], deadline: float) -> None:
    while not is_subset(done["equals"], found := _field(done, deadline - world.clock.now())):
        if world.clock.now() >= deadline:
            where = f"{done['url']}: {done['field']}"
            raise WireError("timeout", f"{where} is {found!r}", expected=done["equals"], actual=found)
        world.clock.sleep(POLL_S)


def _read_field(done: dict[str, Any], left_s: float) -> Any:
    _, text = http_request("GET", done["url"], max(0.05, min(_REQUEST_S, left_s)))
    return json.loads(text).get(done["field"])


def _field(done: dict[str, Any], left_s: float) -> Any:
    try:
        return _read_field(done, left_s)
    except (OSError, ValueError, AttributeError) as exc:
        return str(exc)


DRAIN_VERBS = {
    "service.drain": Primitive(
        frozenset({"name", "url", "done", "undo_url", "settle_s"}), frozenset(), _check, _drain, _capture, _resume
    )
}
