"""release.attest: what was seen good or bad on this host, kept on the host."""

import json
from typing import Any

from deploy.sandbox.engines.builtin.disk import replace_bytes
from deploy.sandbox.engines.builtin.primitives.primitive import Primitive
from deploy.sandbox.engines.builtin.world import Call, Change, World, read_json
from deploy.wire.errors import WireError

RELEASES = "releases.json"
_FIELDS = ("release", "run", "status", "revisions")


def read_releases(world: World) -> list[dict[str, Any]]:
    """All attestations, oldest first."""
    found = read_json(world.state_file(RELEASES))
    return found if isinstance(found, list) else []


def _check(world: World, call: Call) -> Change:
    if call.args["status"] not in {"good", "bad"}:
        raise WireError("bad-request", f"{call.args['status']!r} is no status", expected=["good", "bad"])
    last: dict[str, Any] = next(reversed(read_releases(world)), {})
    same = all(last.get(field) == call.args[field] for field in _FIELDS)
    return Change(not same, None if same else {"release": call.args["release"], "status": call.args["status"]})


def _attest(world: World, call: Call) -> Change:
    change = _check(world, call)
    if change.changed:
        entry = {**{name: call.args[name] for name in _FIELDS}, "at": world.stamp()["at"]}
        world.private_folder(world.layout.state)
        content = json.dumps([*read_releases(world), entry], indent=1).encode()
        replace_bytes(world.state_file(RELEASES), content)
    return change


ATTESTATION_VERBS = {
    "release.attest": Primitive(frozenset({"release", "run", "revisions", "status"}), frozenset(), _check, _attest)
}
