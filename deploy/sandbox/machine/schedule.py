"""The task scheduler: enabled tasks run at start-up and each interval, instances beside each other."""

import subprocess
import threading
from collections.abc import Callable
from typing import cast

from deploy.sandbox.machine.events import EventLog
from deploy.sandbox.machine.kernel import KernelError, Task
from deploy.sandbox.machine.state import State

INTERVAL_S = 60.0
TASK_DISABLED = 0x80041326
Launch = Callable[[str, str], "subprocess.Popen[bytes]"]
"""Starts `command arguments` (Windows path and text) as a process; raises LookupError or KernelError."""
SOURCE = "Microsoft-Windows-TaskScheduler"


class Scheduler:
    """Tasks by path, in any case. `interval_s` may be set at any time."""

    def __init__(self, state: State, events: EventLog, launch: Launch, started: Callable[[int, str], None]) -> None:
        self._state, self._tasks = state, state.sections["tasks"]
        self._events, self._launch, self._started = events, launch, started
        self._wake = threading.Condition()
        self._interval_s = INTERVAL_S
        self._boot = 0
        """Counts boots; even while the power is off."""

    @property
    def interval_s(self) -> float:
        """Seconds between two runs of an enabled task."""
        return self._interval_s

    @interval_s.setter
    def interval_s(self, seconds: float) -> None:
        with self._wake:
            self._interval_s = seconds
            self._wake.notify_all()

    def boot(self) -> None:
        """Fires the start-up triggers, then one each interval."""
        with self._wake:
            self._boot += 1
            boot = self._boot
        self.fire()
        threading.Thread(target=self._tick, args=(boot,), name="task-scheduler", daemon=True).start()

    def halt(self) -> None:
        """The power is off."""
        with self._wake:
            self._boot += 1
            self._wake.notify_all()

    def fire(self) -> None:
        """Starts an instance of each enabled task, as a trigger does."""
        with self._state.lock:
            enabled = [task["path"] for task in self._tasks.values() if task["enabled"]]
        for path in enabled:
            try:
                self.run(path)
            except KernelError as exc:
                self._events.write(101, SOURCE, f"{path}: failed to start: {exc}")

    def get(self, path: str) -> Task | None:
        """A task, None when there is none."""
        with self._state.lock:
            found = self._tasks.get(path.lower())
            return None if found is None else cast(Task, dict(found))

    def put(self, task: Task) -> None:
        """Registers or replaces."""
        with self._state.lock:
            self._tasks[task["path"].lower()] = dict(task)
            self._state.save()

    def enable(self, path: str, enabled: bool) -> None:
        """Switches the triggers; KernelError 2 when there is no such task."""
        with self._state.lock:
            self.put({**self._existing(path), "enabled": enabled})

    def delete(self, path: str) -> None:
        """Absent: nothing happens."""
        with self._state.lock:
            if self._tasks.pop(path.lower(), None) is not None:
                self._state.save()

    def run(self, path: str) -> int:
        """Starts an instance and gives its process id; KernelError 2, 0x80041326 disabled."""
        task = self._existing(path)
        if not task["enabled"]:
            raise KernelError(TASK_DISABLED, f"task {path}: it is disabled")
        try:
            process = self._launch(task["command"], task["arguments"])
        except (LookupError, OSError) as exc:
            raise KernelError(2, f"task {path}: {task['command']}: {exc}") from exc
        threading.Thread(target=process.wait, name=f"task-{process.pid}", daemon=True).start()
        self._started(process.pid, task["command"])
        return process.pid

    def _existing(self, path: str) -> Task:
        found = self.get(path)
        if found is None:
            raise KernelError(2, f"task {path}: the system cannot find it")
        return found

    def _tick(self, boot: int) -> None:
        while True:
            with self._wake:
                interval_s = self._interval_s
                woken = self._wake.wait_for(lambda: self._boot != boot or self._interval_s != interval_s, interval_s)  # noqa: B023
                if self._boot != boot:
                    return
            if not woken:
                self.fire()
