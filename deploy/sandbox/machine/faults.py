"""Faults armed from outside, aimed at checkpoints of worker and executor or at the machine at once."""

import itertools
import threading
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from deploy.sandbox.machine.kernel import KernelError

Kind = Literal[
    "kill-worker",
    "kill-executor",
    "kill-service",
    "delete-shell",
    "drop-connection",
    "power-off",
    "reboot",
    "hang",
    "fill-disk",
    "refuse-stop",
    "slow",
    "clock",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
LASTING: frozenset[Kind] = frozenset({"refuse-stop"})
"""These wait for their moment even without a label."""
AIMED: frozenset[Kind] = frozenset({"hang", "slow"})
"""These make sense at a checkpoint only; without a label the next one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is to go wrong, where (`label` of a checkpoint, None: at once), and how often."""

    kind: Kind
    label: str | None = None
    times: int = 1
    service: str | None = None
    seconds: float = 0.0
    id: int = 0

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Fault":
        """From `{kind, label?, step?, times?, service?, seconds?}`; `step: 3` is the label `before:3`."""
        kind = value.get("kind")
        if kind not in KINDS:
            raise KernelError(87, f"fault {kind!r}: expected one of {', '.join(KINDS)}")
        label = value.get("label")
        if label is None and value.get("step") is not None:
            label = f"before:{int(value['step'])}"
        if kind == "kill-service" and not value.get("service"):
            raise KernelError(87, "fault kill-service: expected the name of a service")
        return cls(kind, label, int(value.get("times", 1)), value.get("service"), float(value.get("seconds", 0.0)))

    @property
    def waits(self) -> bool:
        """Whether it stays armed until something comes by, instead of happening at once."""
        return self.label is not None or self.kind in LASTING | AIMED

    def hits(self, label: str) -> bool:
        """Whether it is aimed at this checkpoint; `*` is any."""
        return self.kind not in LASTING and self.label in (None, "*", label)


class Armed:
    """The table of armed faults."""

    def __init__(self) -> None:
        self._faults: dict[int, Fault] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> int:
        """Arms one; gives its number."""
        number = next(self._numbers)
        with self._lock:
            self._faults[number] = replace(fault, id=number)
        return number

    def clear(self) -> None:
        """Disarms everything."""
        with self._lock:
            self._faults.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """What is armed, oldest first."""
        with self._lock:
            return [asdict(fault) for fault in self._faults.values()]

    def take(self, label: str) -> Fault | None:
        """The oldest fault aimed at a checkpoint; it is used up after `times`."""
        with self._lock:
            found = next((fault for fault in self._faults.values() if fault.hits(label)), None)
            if found is not None:
                self._use(found)
            return found

    def refuses_stop(self, service: str) -> bool:
        """Whether a stop control is to be ignored now; uses up one of the fault's times."""
        with self._lock:
            for fault in self._faults.values():
                if fault.kind == "refuse-stop" and (fault.service or service).lower() == service.lower():
                    self._use(fault)
                    return True
            return False

    def _use(self, fault: Fault) -> None:
        if fault.times <= 1:
            del self._faults[fault.id]
        else:
            self._faults[fault.id] = replace(fault, times=fault.times - 1)
