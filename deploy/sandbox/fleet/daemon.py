"""The fleet's process: `python -m deploy.sandbox.fleet.daemon --folder FOLDER`."""

import argparse
import signal
import sys
from pathlib import Path

from deploy.sandbox.fleet import spec
from deploy.sandbox.fleet.control import Control
from deploy.sandbox.fleet.fleet import Fleet
from deploy.sandbox.fleet.folder import FleetFolder
from deploy.sandbox.machine.stopping import Stopping

FAILED = 3


def main(arguments: list[str]) -> int:
    """Runs until it is told to stop; 3 when it can't start, with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="deploy.sandbox.fleet.daemon")
    parser.add_argument("--folder", type=Path, required=True)
    folder = FleetFolder(parser.parse_args(arguments).folder.absolute())
    stopping = Stopping(signal.SIGTERM, signal.SIGINT)
    fleet = Fleet(folder, spec.read(folder.path))
    try:
        fleet.start()
        control = Control(folder.path, fleet, stopping.ask)
    except OSError as exc:
        print(f"the fleet can't start: {exc}", file=sys.stderr)  # noqa: T201  # this is the log
        fleet.stop()
        return FAILED
    stopping.wait()
    control.close()
    fleet.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
