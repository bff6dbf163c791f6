"""A request: its form checked, and its data streams taken off the wire."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.sandbox.engines.builtin.channel import Channel
from deploy.sandbox.engines.builtin.disk import write_flushed
from deploy.sandbox.engines.builtin.faults import wire_error
from deploy.sandbox.engines.builtin.world import World
from deploy.wire.bootstrap import WORKER_SILENCE_S
from deploy.wire.errors import WireError
from deploy.wire.frames import PROTOCOL, Frame, FrameError


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `streams` data streams follow it."""

    seq: int
    verb: str
    run: str | None
    epoch: int | None
    args: dict[str, Any]
    streams: int

    @classmethod
    def from_frame(cls, frame: Frame) -> "Request":
        """Reads one; raises FrameError when it is of another version, or no request."""
        value = frame.json()
        if frame.kind != "Q" or value.get("v") != PROTOCOL:
            raise FrameError(f"frame {frame.kind} {frame.seq}: expected a request of version {PROTOCOL}")
        verb, args, streams = value.get("verb"), value.get("args", {}), value.get("data", 0)
        if not isinstance(verb, str) or not isinstance(args, dict) or type(streams) is not int or streams < 0:
            raise FrameError(f"frame {frame.seq}: not the form of a request")
        return cls(frame.seq, verb, value.get("run"), value.get("epoch"), args, streams)


def read_stream(channel: Channel, seq: int) -> Iterator[bytes]:
    """One data stream, piece by piece."""
    while True:
        frame = channel.receive(WORKER_SILENCE_S)
        if (frame.kind, frame.seq) != ("D", seq):
            raise FrameError(f"frame {frame.kind} {frame.seq} where data of request {seq} was awaited")
        if not frame.payload:
            return
        yield frame.payload


def discard_streams(channel: Channel, request: Request, done: int = 0) -> None:
    """Takes the streams off the wire and keeps nothing."""
    for _ in range(done, request.streams):
        for _piece in read_stream(channel, request.seq):
            pass


def save_streams(world: World, channel: Channel, request: Request, folder_path: str) -> WireError | None:
    """Writes the streams to `data-<n>` in a private folder, made for them; gives what went wrong with the disk.

    All streams are taken off the wire in any case, so that the next frame is a request again.
    """
    error: WireError | None = None
    folder: Path | None = None
    for number in range(request.streams):
        pieces = read_stream(channel, request.seq)
        try:
            folder = folder or world.private_folder(folder_path)
            if error is None:
                write_flushed(folder / f"data-{number}", _with_space(world, pieces))
        except (FrameError, BrokenPipeError):
            raise
        except (OSError, WireError) as exc:
            error = wire_error(exc)
        for _piece in pieces:
            pass
    return error


def _with_space(world: World, pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        world.require_space(len(piece))
        yield piece
