"""service.healthy: the gate. What was seen is decided on in a pure function; looking is apart."""

import hashlib
from dataclasses import dataclass
from typing import Any

from deploy.sandbox.engines.builtin.primitives.primitive import Primitive
from deploy.sandbox.engines.builtin.primitives.probe import probe
from deploy.sandbox.engines.builtin.service_control import state_of
from deploy.sandbox.engines.builtin.world import Call, Change, World
from deploy.wire.errors import WireError

Identity = tuple[int, str]
"""Process id and start time."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the service found: who it is when all is well, else the reason."""

    identity: Identity | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Gate:
    """Since when one and the same process has been well."""

    identity: Identity | None = None
    since: float = 0.0

    def after(self, look: Look, now: float) -> "Gate":
        """The gate after a look; a process that changed, or wasn't well, starts the time anew."""
        if look.identity is None:
            return Gate()
        return self if look.identity == self.identity else Gate(look.identity, now)

    def open(self, now: float, min_healthy_s: float) -> bool:
        """Whether it has been well for long enough."""
        return self.identity is not None and now - self.since >= min_healthy_s


def _look(world: World, args: dict[str, Any], left_s: float) -> Look:
    status = world.kernel.service_status(args["name"])
    if status is None or status["state"] != "Running":
        return Look(None, f"the service control manager says {status['state'] if status else 'not registered'}")
    process = world.kernel.process(status["pid"])
    if process is None:
        return Look(None, f"process {status['pid']} is gone")
    if reason := _wrong_folder(world, args, process["image"]):
        return Look(None, reason)
    answer = probe(args["probe"], left_s)
    if not answer["ok"]:
        return Look(None, f"probe: {answer['error']}")
    return Look((process["pid"], process["started"]))


def _wrong_folder(world: World, args: dict[str, Any], image: str) -> str:
    folder = args["folder"]
    if folder is None:
        return ""
    if not image.lower().startswith(folder.rstrip("\\").lower() + "\\"):
        return f"the process runs {image}, not out of {folder}"
    if args["manifest_sha256"] is None:
        return ""
    manifest = world.disk.local(rf"{folder}\revision.json")
    found = hashlib.sha256(manifest.read_bytes()).hexdigest() if manifest.is_file() else "absent"
    return "" if found == args["manifest_sha256"] else f"revision.json is {found}, not {args['manifest_sha256']}"


def _await_healthy(world: World, call: Call) -> Change:
    args = call.args
    state_of(world, args["name"])
    gate = Gate()
    while True:
        look = _look(world, args, call.deadline - world.clock.now())
        now = world.clock.now()
        gate = gate.after(look, now)
        if gate.open(now, args["min_healthy_s"]):
            return Change(False, {"pid": gate.identity[0] if gate.identity else 0})
        if now >= call.deadline:
            reason = look.reason or f"well for {now - gate.since:.1f} s only"
            raise WireError(
                "unhealthy",
                f"service {args['name']!r}: {reason}",
                expected=f"healthy for {args['min_healthy_s']} s",
                actual=reason,
            )
        world.clock.sleep(min(args["interval_s"], max(0.01, call.deadline - now)))


def _check(world: World, call: Call) -> Change:
    state_of(world, call.args["name"])
    return Change(False)


HEALTH_VERBS = {
    "service.healthy": Primitive(
        frozenset({"name", "folder", "manifest_sha256", "probe", "min_healthy_s", "interval_s"}),
        frozenset(),
        _check,
        _await_healthy,
    )
}
