"""Run as a program: reads every module of ours, or collects every test, without what Python lacks on Windows.

`python -m tests.native.as_on_windows deploy tasks` imports; `… --collect tests` collects. Prints what failed; exit
code 1 when something did. Third-party packages are read before: they look after themselves.
"""

import importlib
import os
import pkgutil
import select
import signal
import socket
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

FOREIGN = (
    "asyncio", "cryptography.x509", "hypothesis.strategies", "invoke", "jinja2", "multiprocessing", "paramiko",
    "pydantic_settings", "pyinfra.api.connect", "pyinfra.connectors.base", "pypsrp.client", "rich.live", "spnego",
    "testinfra", "winrm.protocol", "yaml",
)  # fmt: skip
MODULES = ("fcntl", "grp", "posix", "pty", "pwd", "resource", "termios", "tty")
PYINFRA_FILE = "deploy.prepare"
"""Read by pyinfra only, with a host at hand."""
NAMES: dict[ModuleType, tuple[str, ...]] = {
    os: (
        "O_DIRECTORY", "O_NOFOLLOW", "POSIX_SPAWN_DUP2", "WNOHANG", "chown", "fork", "getgid", "getuid", "geteuid",
        "killpg", "mkfifo", "posix_spawn", "sched_getaffinity", "set_blocking", "setsid", "statvfs", "sysconf",
        "uname",
    ),
    select: ("epoll", "poll", "POLLIN"),
    signal: ("SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGUSR1", "pthread_kill"),
    socket: ("AF_UNIX", "SO_PEERCRED"),
}  # fmt: skip


def take_away() -> None:
    """Modules, names and files that are not there on Windows; for the rest of this process."""
    for name in FOREIGN:
        importlib.import_module(name)
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment]  # Python's own way to make an import fail
    for module, names in NAMES.items():
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    sys.platform = "win32"
    sys.addaudithook(_no_proc)


def unreadable(roots: list[str]) -> dict[str, str]:
    """Module → why it can't be imported, of all modules below `roots`."""
    failed = {}
    for name in _modules(roots):
        try:
            importlib.import_module(name)
        except (ImportError, AttributeError, OSError) as error:
            failed[name] = f"{type(error).__name__}: {error}"
    return failed


def _modules(roots: list[str]) -> Iterator[str]:
    for root in roots:
        yield root
        package = importlib.import_module(root)
        for found in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{root}."):
            if found.name != PYINFRA_FILE:
                yield found.name


def _no_proc(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and str(arguments[0]).startswith("/proc/"):
        raise FileNotFoundError(arguments[0])


class TakenAway:
    """pytest has loaded its own plugins, and none of our conftest files."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests(self) -> None:
        """From here on it is as on Windows."""
        take_away()


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[0] == "--collect":
        sys.exit(pytest.main(["--collect-only", "-q", "-s", "-p", "no:cacheprovider", *words[1:]], [TakenAway()]))
    take_away()
    problems = unreadable(words)
    for module, why in problems.items():
        sys.stdout.write(f"{module}: {why}\n")
    sys.exit(bool(problems))
