"""The worker's process: requests from stdin, answers to stdout, until stdin ends. `python -m …worker <host folder>`."""

import os
import sys
from pathlib import Path

from deploy.sandbox.engines.builtin.boot import boot
from deploy.sandbox.engines.builtin.channel import Channel, Closed, Silent
from deploy.sandbox.engines.builtin.clock import SystemClock
from deploy.sandbox.engines.builtin.disk import Disk
from deploy.sandbox.engines.builtin.layout import Layout
from deploy.sandbox.engines.builtin.request import Request
from deploy.sandbox.engines.builtin.verbs import Verbs
from deploy.sandbox.engines.builtin.world import World
from deploy.sandbox.machine.client import KernelClient
from deploy.wire.bootstrap import DEFAULT_ROOT, ENV_AGENT, ENV_ROOT, WORKER_SILENCE_S
from deploy.wire.errors import WireError
from deploy.wire.frames import FrameError

EXIT_ENDED = 0
EXIT_REFUSED = 2
EXIT_GARBAGE = 3
EXIT_SILENT = 4


def serve(world: World, channel: Channel, pid: int) -> int:
    """Boots, then answers requests in order, one at a time; gives the exit code."""
    try:
        try:
            boot(world, channel, pid)
        except WireError as exc:
            channel.event(0, {"event": "refused", "error": exc.as_json()})
            return EXIT_REFUSED
        verbs = Verbs(world, channel)
        while True:
            request = Request.from_frame(channel.receive(WORKER_SILENCE_S))
            verbs.answer(request)
    except FrameError as exc:
        print(f"worker: {exc}", file=sys.stderr)  # noqa: T201
        return EXIT_GARBAGE
    except Silent:
        return EXIT_SILENT
    except (Closed, BrokenPipeError):
        return EXIT_ENDED


def main(folder: Path, environment: dict[str, str]) -> int:
    """The process."""
    root = environment.get(ENV_ROOT, DEFAULT_ROOT)
    with KernelClient(folder) as kernel:
        clock = SystemClock()
        world = World(kernel, Disk(folder, root), clock, Layout(root), environment.get(ENV_AGENT, ""))
        channel = Channel(os.fdopen(sys.stdin.fileno(), "rb", buffering=0), sys.stdout.buffer, clock)
        return serve(world, channel, os.getpid())


if __name__ == "__main__":
    code = main(Path(sys.argv[1]), dict(os.environ))
    sys.stdout.flush()
    # The reading thread may still hang in stdin; nothing of ours is left to be tidied.
    os._exit(code)
