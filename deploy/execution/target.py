"""The port between carrying out and a kind of host: what a run needs of a target, and how a target can fail."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from deploy.model.facts import Snapshot
from deploy.model.problem import Problem
from deploy.model.step import Step

Records = tuple[dict[str, Any], ...]
"""Journal records as in docs/protocol.md, section 5."""


class TargetLost(Exception):  # noqa: N818  # the event's name
    """The target did not answer; what was asked for may or may not have happened."""

    def __init__(self, host: str, problem: Problem) -> None:
        super().__init__(str(problem))
        self.host, self.problem = host, problem


class TargetRefused(Exception):  # noqa: N818  # the event's name
    """The target answered with an error: nothing was done, or what was done is in `problem`."""

    def __init__(self, host: str, problem: Problem) -> None:
        super().__init__(str(problem))
        self.host, self.problem = host, problem


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step did."""

    id: str
    changed: bool
    detail: Any = None


@dataclass(frozen=True, slots=True)
class TransactionEnd:
    """How a transaction ended: `stuck` is not an end for the host, but it is for the run."""

    tx: str
    outcome: Literal["committed", "undone", "dropped", "stuck", "unreadable"]
    records: Records
    error: str = ""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who wants the run lock."""

    run: str
    who: str
    kind: str
    since: str


@dataclass(slots=True)
class Traffic:
    """Requests and bytes by phase, counted where they are sent."""

    requests: Counter[str] = field(default_factory=Counter)
    sent_bytes: Counter[str] = field(default_factory=Counter)
    received_bytes: Counter[str] = field(default_factory=Counter)


class Target(Protocol):
    """One host. Not thread-safe: a run uses each from one thread at a time. Raises TargetLost or TargetRefused."""

    host: str
    traffic: Traffic

    def phase(self, name: str) -> None:
        """Counts what follows under `name`."""

    def facts(self, *, deep: bool = False) -> Snapshot:
        """Everything a decision needs, in one request; never from a cache older than the last change."""

    def lock(self, holder: Holder, epoch: int) -> int:
        """Takes the run lock with at least `epoch`; gives the granted one."""

    def unlock(self) -> None:
        """Gives the run lock back; nothing happens when it isn't held."""

    def heartbeat(self) -> None:
        """Keeps the worker, and with it the lock, alive. Any thread may; does nothing while a request is under way."""

    def apply(self, steps: tuple[Step, ...], *, dry: bool = False) -> tuple[StepResult, ...]:
        """Carries out steps in order, without undo; stops at the first error."""

    def transact(self, tx: str, steps: tuple[Step, ...], progress: Callable[[Records], None]) -> TransactionEnd:
        """Submits a transaction and follows it to its end."""

    def close(self) -> None:
        """Ends the worker and its shell."""
