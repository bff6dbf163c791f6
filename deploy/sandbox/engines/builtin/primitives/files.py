"""file.put, file.fetch, secret.put."""

from pathlib import Path
from typing import Any

from deploy.sandbox.engines.builtin.disk import chunks_of, file_sha256
from deploy.sandbox.engines.builtin.primitives.acl import Acl, checked_acl, differs, secret_acl
from deploy.sandbox.engines.builtin.primitives.download import download
from deploy.sandbox.engines.builtin.primitives.placing import keep_file, place_file, restore_file
from deploy.sandbox.engines.builtin.primitives.primitive import Captured, Primitive, made_when_changed
from deploy.sandbox.engines.builtin.registration import service_key
from deploy.sandbox.engines.builtin.world import Call, Change, World
from deploy.wire.errors import WireError


def _difference(world: World, path: str, sha256: str, acl: Acl | None) -> Change:
    local = world.disk.own(path)
    if local.is_dir():
        raise WireError("exists", f"{path} is a folder", expected="a file, or nothing")
    if not local.is_file():
        return Change(True, {"was": "absent"})
    if file_sha256(local) != sha256:
        return Change(True, {"was": "other bytes"})
    return Change(True, {"was": "other acl"}) if differs(world.kernel, path, acl) else Change(False)


def _check_put(world: World, call: Call) -> Change:
    return _difference(world, call.args["path"], call.args["sha256"], checked_acl(call.args.get("acl")))


def _put(world: World, call: Call) -> None:
    with call.stream(call.args["data"]).open("rb") as source:
        args = call.args
        place_file(world, args["path"], chunks_of(source), args["size"], args["sha256"], args.get("acl"))


def _fetch(world: World, call: Call) -> None:
    args = call.args
    chunks = download(args["url"], args["headers"] or {}, args["size"], call.deadline, world.clock)
    place_file(world, args["path"], chunks, args["size"], args["sha256"], args.get("acl"))


def _secret(world: World, call: Call) -> tuple[str, Acl]:
    service_key(call.args["service"])
    return file_sha256(call.stream(call.args["data"])), secret_acl(call.args["service"])


def _check_secret(world: World, call: Call) -> Change:
    return _difference(world, call.args["path"], *_secret(world, call))


def _put_secret(world: World, call: Call) -> None:
    sha256, acl = _secret(world, call)
    stream = call.stream(call.args["data"])
    try:
        with stream.open("rb") as source:
            place_file(world, call.args["path"], chunks_of(source), stream.stat().st_size, sha256, acl)
    except WireError as exc:
        # Its digest would let a weak secret be guessed, so it stays out of the error.
        raise WireError(exc.code, f"{call.args['path']}: the secret could not be written") from None


def _keep(world: World, call: Call, kept: Path) -> Captured:
    return keep_file(world, call.args["path"], kept)


def _restore(world: World, call: Call, captured: dict[str, Any], kept: Path) -> None:
    restore_file(world, call.args["path"], captured, kept)


FILE_VERBS = {
    "file.put": Primitive(
        frozenset({"path", "sha256", "size", "data", "acl"}),
        frozenset(),
        _check_put,
        made_when_changed(_check_put, _put),
        _keep,
        _restore,
    ),
    "file.fetch": Primitive(
        frozenset({"url", "path", "sha256", "size", "headers"}),
        frozenset({"acl"}),
        _check_put,
        made_when_changed(_check_put, _fetch),
        _keep,
        _restore,
    ),
    "secret.put": Primitive(
        frozenset({"path", "data", "service"}),
        frozenset(),
        _check_secret,
        made_when_changed(_check_secret, _put_secret),
        _keep,
        _restore,
    ),
}
