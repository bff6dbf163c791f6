"""What the driver asks of the rest of the toolkit; wired in deploy/cli."""

from collections.abc import Callable
from typing import Protocol

from deploy.execution.happening import Rechecked, Verified
from deploy.model.plan import HostPlan, HostWave, Wave
from deploy.model.problem import Problem
from deploy.model.run import Event

Emit = Callable[[Event], None]


class Surroundings(Protocol):
    """Everything that is not a transaction on one host. Each is called from a thread of its own."""

    def recheck(self) -> Rechecked:
        """Facts of all hosts again, the plan again: its hash and refusals."""

    def stage(self, hosts: tuple[HostPlan, ...]) -> dict[str, Problem | None]:
        """Prepares all hosts at once; why it failed, per host."""

    def way_back(self, committed: tuple[HostWave, ...]) -> tuple[tuple[Wave, ...], tuple[Problem, ...]]:
        """Transactions that take these back, from fresh facts; and what can't be taken back."""

    def may_begin(self) -> tuple[Problem, ...]:
        """Why a cutover must not begin now, by market hours and freezes; () for a rollback."""

    def verify(self, hosts: tuple[str, ...], new: frozenset[tuple[str, str]]) -> Verified:
        """Checks the end state of `hosts`: services in `new` (host, service) as planned, all others as before."""
