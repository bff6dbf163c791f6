"""Python for Windows, as far as the API Gateway needs it.

`python.exe -m uvicorn app:app --host H --port P`, or a module that starts its server itself: `python.exe -m gateway`.
"""

import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace

from deploy.sandbox.apps.host import Host
from deploy.sandbox.apps.runtime import tell_version
from deploy.sandbox.apps.service import run
from deploy.sandbox.apps.settings import load, with_address
from deploy.sandbox.apps.shawl import ENV_CWD, ENV_WRAPPER
from deploy.sandbox.machine.paths import parent

PORT = 8000
CONFIGS = ("appsettings.json", "config.json")


def main(arguments: Sequence[str]) -> int:
    """The program."""
    host = Host()
    if len(arguments) < 2 or arguments[0] != "-m":
        return tell_version(host, arguments)
    wrapper = os.environ.get(ENV_WRAPPER, host.image)
    folder = os.environ.get(ENV_CWD) or _option(arguments, "--app-dir") or parent(wrapper)
    module = _module(arguments)
    if not any(host.local(f"{folder}\\{module}{end}").is_file() for end in (".py", "\\__init__.py", "\\__main__.py")):
        print(f"No module named {module!r} in {folder}", file=sys.stderr)  # noqa: T201
        return 1
    threading.Thread(target=_end_with_wrapper, daemon=True).start()
    settings = load(host, _config(host, arguments, folder), parent(wrapper))
    bind = host.bind(_option(arguments, "--host") or settings.bind)
    settings = with_address(settings, bind, int(_option(arguments, "--port") or settings.port))
    if settings.service == type(settings).service:
        settings = replace(settings, service="TradingSystem-ApiGateway")
    return run(host, settings, wrapper)


def _module(arguments: Sequence[str]) -> str:
    """The application's module: what uvicorn is told to import, or the module that is run."""
    named = arguments[2] if arguments[1] == "uvicorn" and len(arguments) > 2 else arguments[1]
    return named.partition(":")[0].replace(".", "\\")


def _config(host: Host, arguments: Sequence[str], folder: str) -> str:
    named = _option(arguments, "--config") or os.environ.get("APP_CONFIG")
    found = (path for path in (f"{folder}\\{name}" for name in CONFIGS) if host.local(path).is_file())
    return named or next(found, f"{folder}\\{CONFIGS[0]}")


def _option(arguments: Sequence[str], name: str) -> str | None:
    return arguments[arguments.index(name) + 1] if name in arguments[:-1] else None


def _end_with_wrapper() -> None:
    if ENV_WRAPPER in os.environ:
        while os.read(0, 64):
            pass
        os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
