"""`wine-machine`: the program that makes, starts and stops Windows-like machines, and runs programs on them."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ENV_TOOL = "DEPLOY_TEST_WINE_MACHINE"
ENV_WINE = "WINE64"
DEBIAN_WINE = "/usr/lib/wine/wine64"
STOP_TIMEOUT_S = 30.0
CREATE_TIMEOUT_S = 300.0
"""The first machine of a computer unpacks Windows' files, which takes half a minute on two idle cores."""
_KEPT = ("PATH", "HOME", "PWSH_CACHE", "XDG_CACHE_HOME", ENV_WINE)


def missing(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """What is missing here to have such machines, and what to type; None when nothing is."""
    tool = environ.get(ENV_TOOL)
    if not tool or shutil.which(tool) is None:
        return (
            f"{ENV_TOOL} names no wine-machine program ({f'there is no {tool}' if tool else 'it is not set'})",
            f"export {ENV_TOOL}=/path/to/wine-machine, or leave --engine at builtin",
        )
    if shutil.which(environ.get(ENV_WINE, DEBIAN_WINE)) is None:
        return "Wine is not installed", "apt-get install --no-install-recommends wine64"
    return None


class WineTool:
    """Calls on one machine. `extra` are variables of every process of the machine."""

    def __init__(self, prefix: Path, extra: Mapping[str, str]) -> None:
        self._tool = os.environ.get(ENV_TOOL, "wine-machine")
        self._prefix = prefix
        base = {name: os.environ[name] for name in _KEPT if name in os.environ}
        # Wine reads its arguments, and names of files, in this encoding.
        self._environment = {**base, "LANG": "C.UTF-8", **extra}

    def create(self) -> None:
        """Makes the machine; raises OSError with what the tool said."""
        self._call("create", CREATE_TIMEOUT_S)

    def start(self) -> None:
        """Switches it on; returns at once."""
        self._call("start", STOP_TIMEOUT_S)

    def stop(self) -> None:
        """Cuts its power."""
        self._call("stop", STOP_TIMEOUT_S)

    def spawn(self, words: Sequence[str], variables: Mapping[str, str], streams: int) -> "subprocess.Popen[bytes]":
        """Starts a Windows program in a session of its own; `streams` is PIPE or DEVNULL, for all three of them.

        Its exit code comes without its upper 24 bits.
        """
        return subprocess.Popen(
            [self._tool, "run", str(self._prefix), *words],
            env={**self._environment, **variables},
            stdin=streams,
            stdout=streams,
            stderr=streams,
            start_new_session=True,
            bufsize=0,
        )

    def _call(self, word: str, timeout_s: float) -> None:
        try:
            done = subprocess.run(
                [self._tool, word, str(self._prefix)],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as exc:
            raise OSError(f"wine-machine {word} did not end within {timeout_s:.0f} s") from exc
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise OSError(f"wine-machine {word} ended with {done.returncode}: {said or 'no reason given'}")
