"""A native service (Data Capture, Order Manager, market data): `Program.exe [--config PATH]`, run by the SCM."""

import os
import signal
import sys
import threading
from collections.abc import Sequence

from deploy.sandbox.apps.application import Application
from deploy.sandbox.apps.host import Host
from deploy.sandbox.apps.settings import Settings, load
from deploy.sandbox.apps.status import Status
from deploy.sandbox.machine.stopping import Stopping


def run(host: Host, settings: Settings, image: str) -> int:
    """Lives until the stop control; the program `image` gives the build, `version.txt` beside it the version."""
    stopping = Stopping(signal.SIGTERM)
    status = Status()
    status.end_with_machine()
    if settings.faults.crash_on_start:
        print("fault: crashOnStart", file=sys.stderr)  # noqa: T201
        os._exit(134)
    if settings.faults.hang_on_start:
        threading.Event().wait()
    program = host.local(image)
    version_file = program.with_name("version.txt")
    version = version_file.read_text("utf-8").strip() if version_file.is_file() else "0.0.0"
    application = Application(settings, version, program)
    status.running()  # as in .NET: Running says nothing about being ready
    try:
        application.start()
    except OSError as exc:
        application.log.write("fatal", str(exc))
        print(exc, file=sys.stderr, flush=True)  # noqa: T201
        os._exit(1)
    stopping.wait()
    status.stop_pending()
    application.stop()
    status.stopped(0)
    return 0


def main(arguments: Sequence[str]) -> int:
    """The program."""
    host = Host()
    if host.kind == "service":
        host.require_dotnet()
    config = arguments[arguments.index("--config") + 1] if "--config" in arguments[:-1] else "appsettings.json"
    return run(host, load(host, config), host.image)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
