"""Processes of a Wine machine, found by their environment: a Windows process keeps the one it was started with."""

import contextlib
import ntpath
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from deploy.sandbox.machine.processes import kill_all

_PROC = Path("/proc")


def marked(marks: Mapping[str, str]) -> list[int]:
    """Ids of all living processes with these variables in their environment."""
    wanted = {f"{name}={value}".encode() for name, value in marks.items()}
    return [pid for pid in _pids() if wanted.issubset(_read(pid, "environ").split(b"\0"))]


def with_image(pids: list[int], image: str) -> list[int]:
    """Those that run a program of this Windows path, which may have been started by its name alone."""
    wanted = {image.lower().encode(), ntpath.basename(image).lower().encode()}
    return [pid for pid in pids if _read(pid, "cmdline").split(b"\0")[0].lower() in wanted]


def end(marks: Mapping[str, str]) -> None:
    """Kills every process so marked, and waits until they are gone."""
    kill_all(lambda: marked(marks))


def hold(pids: list[int]) -> list[int]:
    """Makes processes stand still; gives those that were still there."""
    return [pid for pid in pids if _signal(pid, signal.SIGSTOP)]


def let_go(pids: list[int]) -> None:
    """Lets them go on."""
    for pid in pids:
        _signal(pid, signal.SIGCONT)


def _signal(pid: int, number: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False


def _pids() -> list[int]:
    return [int(name) for name in os.listdir(_PROC) if name.isdigit()]  # noqa: PTH208


def _read(pid: int, file: str) -> bytes:
    try:
        return (_PROC / str(pid) / file).read_bytes()
    except OSError:
        return b""
