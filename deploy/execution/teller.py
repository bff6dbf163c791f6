"""Says what happens in a run, as events for people and programs."""

from typing import Any

from deploy.execution.clock import Clock
from deploy.execution.ports import Emit
from deploy.model.problem import Problem
from deploy.model.run import Event


class Teller:
    """Events of one run; may be used from any thread when `emit` may."""

    def __init__(self, run: str, clock: Clock, emit: Emit) -> None:
        self._run, self._clock, self._emit = run, clock, emit

    def tell(self, host: str, phase: str, step: str, event: str, **data: Any) -> None:
        """One event, at this moment."""
        self._emit(Event(self._now(), self._run, host, phase, step, event, data))

    def progress(self, host: str, phase: str, step: str, what: str, at: str | None = None) -> None:
        """A step's progress; `at`: when it happened on the host, now when the host didn't say."""
        self.tell(host, phase, step, "progress", what=what, at=at or self._now())

    def failed(self, host: str, phase: str, step: str, problem: Problem) -> Problem:
        """A `failed` event; gives the problem back."""
        fields = {"code": problem.code, "what": problem.what, "expected": problem.expected, "next": problem.next}
        self.tell(host, phase, step, "failed", **fields)
        return problem

    def _now(self) -> str:
        return self._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
