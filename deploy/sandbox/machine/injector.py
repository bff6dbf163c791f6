"""Makes armed faults happen."""

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from deploy.sandbox.machine.faults import Armed, Fault
from deploy.sandbox.machine.kernel import KernelError
from deploy.sandbox.machine.processes import Role, alive

if TYPE_CHECKING:
    from deploy.sandbox.machine.machine import Machine

DISK_FULL = 112
REMEMBERED = 1000
_LOOK_S = 0.05
_NEEDS_SPACE = ("before:", "submit")


class Injector:
    """`handlers` holds what the server in front of the machine does for `delete-shell` and `drop-connection`."""

    def __init__(self, machine: "Machine") -> None:
        self._machine = machine
        self.armed = Armed()
        self.handlers: dict[str, Callable[[], None]] = {}
        self.disk_full = False
        self._given_back = 0
        self._space = threading.Lock()
        self._cleared = threading.Event()
        self.reached: deque[tuple[int, str]] = deque(maxlen=REMEMBERED)
        """The last checkpoints that were reached, each with the process that did, for whoever aims the next fault."""

    def arm(self, value: dict[str, Any]) -> int:
        """Arms a fault (`Fault.from_json`) and gives its number; one that is aimed at nothing happens now (0)."""
        fault = Fault.from_json(value)
        if fault.waits:
            return self.armed.add(fault)
        self._strike(fault, 0)
        return 0

    def clear(self) -> None:
        """Ends all faults: what hangs goes on, withheld stop controls are delivered, disk and clock are well again."""
        self.armed.clear()
        self.disk_full = False
        self._machine.clock.offset_s = 0.0
        self._cleared.set()
        self._cleared = threading.Event()
        self._machine.services.deliver_withheld()

    def checkpoint(self, label: str, pid: int) -> None:
        """Called by a process that reached `label`; KernelError 112 when the disk is full there."""
        self.reached.append((pid, label))
        fault = self.armed.take(label)
        if fault is not None:
            self._strike(fault, pid)
        full_here = fault is not None and fault.kind == "fill-disk"
        if full_here or (self.disk_full and label.startswith(_NEEDS_SPACE)):
            raise KernelError(DISK_FULL, "there is not enough space on the disk")

    def disk_take(self, size: int) -> None:
        """Called before `size` bytes are written; on a full disk only what was given back since can be had."""
        with self._space:
            if not self.disk_full:
                return
            if size > self._given_back:
                raise KernelError(DISK_FULL, "there is not enough space on the disk")
            self._given_back -= size

    def disk_give(self, size: int) -> None:
        """Called after a file of `size` bytes was removed."""
        with self._space:
            self._given_back += size if self.disk_full else 0

    def _fill_disk(self) -> None:
        with self._space:
            self.disk_full, self._given_back = True, 0

    def _strike(self, fault: Fault, pid: int) -> None:
        machine = self._machine
        match fault.kind:
            case "kill-worker" | "kill-executor":
                self._kill("worker" if fault.kind == "kill-worker" else "executor", pid)
            case "kill-service":
                self._kill_service(fault.service or "")
            case "power-off":
                machine.power_off()
            case "reboot":
                machine.reboot()
            case "hang" | "slow":
                self._hang(pid, fault.seconds if fault.kind == "slow" else float("inf"))
            case "fill-disk":
                self._fill_disk()
            case "clock":
                machine.clock.offset_s = fault.seconds
            case "delete-shell" | "drop-connection" if fault.kind in self.handlers:
                self.handlers[fault.kind]()
            case _:
                raise KernelError(50, f"fault {fault.kind}: nothing on this machine can do that")

    def _kill(self, role: Role, pid: int) -> None:
        victims = self._machine.processes.all(role)
        for victim in [pid] if pid in victims else victims:
            self._machine.processes.kill(victim)

    def _kill_service(self, name: str) -> None:
        status = self._machine.services.status(name)
        if status is None or not status["pid"]:
            raise KernelError(1062, f"service {name}: it has no process to kill")
        self._machine.processes.kill(status["pid"])

    def _hang(self, pid: int, seconds: float) -> None:
        """Until the time is over, the process is dead, or the faults are cleared."""
        cleared, end_s = self._cleared, time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0 and (pid in (0, os.getpid()) or alive(pid)):
            if cleared.wait(min(_LOOK_S, left_s)):
                return
