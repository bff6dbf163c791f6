"""The task scheduler of a Wine machine: starts what the machine's task files name, outside of every shell."""

import contextlib
import subprocess
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.sandbox.wine.disk import OWN

INTERVAL_S = 60.0
LOOK_S = 0.05
_NS = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}
Launch = Callable[[str, str], "subprocess.Popen[bytes]"]


@dataclass(frozen=True, slots=True)
class TaskFile:
    """What a task's file says."""

    enabled: bool
    at_boot: bool
    repeats: bool
    command: str
    arguments: str


def parse(content: bytes) -> TaskFile:
    """Reads a task's XML; raises ValueError."""
    try:
        root = ET.fromstring(content)  # noqa: S314  # from the sandbox's own machine
    except ET.ParseError as exc:
        raise ValueError(f"not XML: {exc}") from exc
    command = root.findtext("t:Actions/t:Exec/t:Command", "", _NS)
    return TaskFile(
        enabled=root.findtext("t:Settings/t:Enabled", "true", _NS) == "true",
        at_boot=root.find("t:Triggers/t:BootTrigger", _NS) is not None,
        repeats=root.find("t:Triggers/t:TimeTrigger", _NS) is not None,
        command=command.replace("%SystemRoot%", r"C:\windows"),
        arguments=root.findtext("t:Actions/t:Exec/t:Arguments", "", _NS),
    )


class TaskRunner:
    """`interval_s` may be set at any time. Times are of a monotonic clock."""

    def __init__(self, drive: Path, launch: Launch) -> None:
        self._tasks, self._starts, self._launch = drive / "windows" / "tasks", drive / OWN / "starts", launch
        self.interval_s = INTERVAL_S
        self._halted = threading.Event()
        self._halted.set()
        self._at_work: set[subprocess.Popen[bytes]] = set()

    @property
    def at_work(self) -> int:
        """How many processes that it started have not ended."""
        return len(self._at_work)

    def boot(self) -> None:
        """Fires the start-up triggers, then looks for what is due until `halt`."""
        self._halted = threading.Event()
        self._fire(lambda task: task.at_boot)
        threading.Thread(target=self._serve, args=(self._halted,), name="task-scheduler", daemon=True).start()

    def halt(self) -> None:
        """The power is off."""
        self._halted.set()

    def fire(self) -> None:
        """Brings the next repetition forward."""
        self._fire(lambda task: task.repeats)

    def _serve(self, halted: threading.Event) -> None:
        last_s = time.monotonic()
        while not halted.wait(LOOK_S):
            for request in sorted(self._starts.glob("*.start")):
                self._start_asked(request)
            if time.monotonic() - last_s >= self.interval_s:
                last_s = time.monotonic()
                self.fire()

    def _start_asked(self, request: Path) -> None:
        """A start on demand; the request's end is the answer."""
        with contextlib.suppress(OSError):
            name = request.read_text("utf-8-sig").replace("\\", "/")
            with contextlib.suppress(ValueError):
                self._start(parse((self._tasks / f"{name}.xml").read_bytes()))
            request.unlink()

    def _fire(self, due: Callable[[TaskFile], bool]) -> None:
        for task in self._all():
            if task.enabled and due(task):
                with contextlib.suppress(OSError):  # the power went in between
                    self._start(task)

    def _start(self, task: TaskFile) -> None:
        process = self._launch(task.command, task.arguments)
        self._at_work.add(process)
        threading.Thread(target=self._await, args=(process,), name=f"task-{process.pid}", daemon=True).start()

    def _await(self, process: "subprocess.Popen[bytes]") -> None:
        process.wait()
        self._at_work.discard(process)

    def _all(self) -> Iterator[TaskFile]:
        for path in sorted(self._tasks.rglob("*.xml")):
            with contextlib.suppress(ValueError, OSError):
                yield parse(path.read_bytes())
