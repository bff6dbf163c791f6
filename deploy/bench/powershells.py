"""PowerShell processes of a Wine machine, counted as they start."""

import ntpath
import threading
from collections import Counter
from pathlib import Path
from types import TracebackType

from deploy.sandbox.machine.loader import ENV_FOLDER
from deploy.sandbox.wine import members

NAMES = frozenset({"powershell", "powershell.exe"})
"""As they stand in a command line, in any case, with or without a path."""
EVERY_S = 0.05
"""One that starts lives for at least several tenths of a second. What is there in a single look is Wine's own way of
starting a process.
"""


class PowerShellCount:
    """Counts from entering to leaving. `host`: the machine's folder in its fleet."""

    def __init__(self, host: Path) -> None:
        self._marks = {ENV_FOLDER: str(host.absolute())}
        self._before, self._looks = set(self._alive()), Counter[int]()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="powershell-count", daemon=True)

    def __enter__(self) -> "PowerShellCount":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    @property
    def started(self) -> int:
        """How many started since."""
        return sum(looks > 1 for pid, looks in self._looks.items() if pid not in self._before)

    def _watch(self) -> None:
        while not self._over.wait(EVERY_S):
            self._looks.update(self._alive())

    def _alive(self) -> list[int]:
        return [pid for pid in members.marked(self._marks) if _program(pid) in NAMES]


def _program(pid: int) -> str:
    """Name of the program that a process runs, in lower case; "" when it has ended."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    return ntpath.basename(line.split(b"\0")[0].decode("utf-8", "replace")).lower()
