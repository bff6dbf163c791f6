"""A worker's first frames: is our module on this host, and may we work here?"""

import hashlib
from collections.abc import Iterator

from deploy.sandbox.engines.builtin.channel import Channel
from deploy.sandbox.engines.builtin.disk import file_sha256, flush_folder, write_flushed
from deploy.sandbox.engines.builtin.world import World
from deploy.wire.bootstrap import WORKER_SILENCE_S
from deploy.wire.errors import WireError
from deploy.wire.frames import PROTOCOL, FrameError

ENGINE = "builtin"


def boot(world: World, channel: Channel, pid: int) -> None:
    """Says `ready`, after asking for the module when it is missing or damaged. Raises WireError when it must refuse."""
    _check_host(world)
    path = world.disk.local(rf"{world.layout.agent}\{world.agent}.psm1")
    if not path.is_file() or file_sha256(path) != world.agent:
        channel.event(0, {"event": "need-agent"})
        _receive_module(world, channel)
    channel.event(0, {"event": "ready", "protocol": PROTOCOL, "agent": world.agent, "engine": ENGINE, "pid": pid})


def _check_host(world: World) -> None:
    system = world.kernel.system()
    if not system["elevated"]:
        raise WireError("access-denied", "the deployment account is not elevated", expected="an administrator")
    if system["language_mode"] != "FullLanguage":
        mode = system["language_mode"]
        raise WireError("unsupported", f"PowerShell runs in {mode} mode", expected="FullLanguage", actual=mode)
    if len(world.agent) != hashlib.sha256().digest_size * 2 or set(world.agent) - set("0123456789abcdef"):
        raise WireError("bad-request", "TSDEPLOY_AGENT is no SHA-256", expected="64 lower hex digits")


def _receive_module(world: World, channel: Channel) -> None:
    folder = world.private_folder(world.layout.agent)
    beside = folder / f"{world.agent}.new"
    try:
        size, sha256 = write_flushed(beside, _data(channel))
        if sha256 != world.agent:
            raise WireError(
                "checksum", f"the module arrived as {size} other bytes", expected=world.agent, actual=sha256
            )
        beside.replace(folder / f"{world.agent}.psm1")
        flush_folder(folder)
    finally:
        beside.unlink(missing_ok=True)


def _data(channel: Channel) -> Iterator[bytes]:
    while True:
        frame = channel.receive(WORKER_SILENCE_S)
        if (frame.kind, frame.seq) != ("D", 0):
            raise FrameError(f"frame {frame.kind} {frame.seq} while the module was awaited")
        if not frame.payload:
            return
        yield frame.payload
