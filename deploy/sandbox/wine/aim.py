"""Faults that wait for a checkpoint: whoever reaches it on the machine is struck as soon as its journal shows it."""

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deploy.sandbox.machine.faults import Armed, Fault
from deploy.sandbox.machine.kernel import KernelError
from deploy.sandbox.wine.journals import SEEN, JournalWatch

LOOK_S = 0.003


class Aim:
    """`strike` carries a fault out, in a thread of this; it looks only while something is armed."""

    def __init__(self, name: str, journals: Path, strike: Callable[[Fault], None]) -> None:
        self._name, self._journals, self._strike = name, journals, strike
        self._armed = Armed()
        self._lock = threading.Lock()
        self._looking = False

    def arm(self, fault: Fault) -> None:
        """Arms one that has a label; ValueError for a label that can't be seen from outside."""
        if not SEEN.fullmatch(fault.label or ""):
            raise ValueError(
                f"fault {fault.kind} at {fault.label}: the powershell engine sees what journals tell: a step's number, "
                "before:N, done:N, undo:N, undone:N, submit, begun, ended, or * for the next of them"
            )
        with self._lock:
            watch = JournalWatch(self._journals)
            self._armed.add(fault)
            if not self._looking:
                self._looking = True
                threading.Thread(target=self._look, args=(watch,), name=f"aim-{self._name}", daemon=True).start()

    def clear(self) -> None:
        """Disarms everything."""
        self._armed.clear()

    def armed(self) -> list[dict[str, Any]]:
        """The faults that wait, oldest first."""
        return self._armed.as_json()

    def _look(self, watch: JournalWatch) -> None:
        while self._go_on():
            for label in watch.fresh():
                if fault := self._armed.take(label):
                    self._carry_out(fault)
            time.sleep(LOOK_S)

    def _carry_out(self, fault: Fault) -> None:
        """A fault that fails must not end the looking."""
        try:
            self._strike(fault)
        except (LookupError, OSError, ValueError, KernelError) as exc:  # a service without a process; the power is off
            sys.stderr.write(f"{self._name}: fault {fault.kind} at {fault.label} did not strike: {exc}\n")

    def _go_on(self) -> bool:
        with self._lock:
            self._looking = bool(self._armed.as_json())
            return self._looking
