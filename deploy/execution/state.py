"""The state of a run: everything that the machine remembers."""

from dataclasses import dataclass, field
from typing import Literal

from deploy.execution.happening import Ended
from deploy.model.plan import HostWave, Plan, Wave
from deploy.model.problem import Problem
from deploy.model.run import Outcome

Phase = Literal[
    "new",
    "locking",
    "rechecking",
    "staging",
    "asking-calendar",
    "cutover",
    "planning-convergence",
    "converging",
    "verifying",
    "closing",
    "unlocking",
    "ended",
]


@dataclass(frozen=True, slots=True)
class End:
    """How one host's transaction ended."""

    item: HostWave
    ended: Ended


@dataclass(frozen=True, slots=True)
class RunState:
    """`hosts`: every host whose lock is needed; `locked`: those that granted it; `awaited`: hosts still at work.

    `queue` holds the batches that are still to come: of the plan while cutting over, of the way back while converging.
    `unverified`: something is known not to be as it should; `untold`: something could not be told.
    """

    plan: Plan
    hosts: tuple[str, ...]
    phase: Phase = "new"
    locked: frozenset[str] = frozenset()
    awaited: frozenset[str] = frozenset()
    queue: tuple[tuple[Wave, tuple[HostWave, ...]], ...] = ()
    running: tuple[HostWave, ...] = ()
    wave: Wave | None = None
    ends: tuple[End, ...] = ()
    way_back: tuple[End, ...] = ()
    problems: tuple[Problem, ...] = ()
    refused: bool = False
    failed: bool = False
    interrupted: bool = False
    unverified: bool = False
    untold: bool = False
    converged: bool = False

    @property
    def committed(self) -> tuple[HostWave, ...]:
        """Transactions of the plan that stand, whether or not they were taken back later."""
        return tuple(end.item for end in self.ends if end.ended == "committed")

    @property
    def outcome(self) -> Outcome:
        """How the run ends if nothing else happens."""
        if self.refused:
            return Outcome.REFUSED
        every = self.ends + self.way_back
        if any(end.ended in ("stuck", "unreadable") for end in every) or (self.converged and self.unverified):
            return Outcome.STUCK
        if self.untold or any(end.ended == "lost" for end in every):
            return Outcome.UNKNOWN
        if self.interrupted:
            return Outcome.INTERRUPTED
        if not self.failed:
            return Outcome.COMMITTED if self.plan.changes else Outcome.UNCHANGED
        return Outcome.PARTIAL if self.standing else Outcome.UNDONE

    @property
    def standing(self) -> frozenset[tuple[str, str]]:
        """Host and service of every move of the plan that committed and was not taken back."""
        back = {
            (end.item.host, move.service)
            for end in self.way_back
            if end.ended == "committed"
            for move in end.item.moves
        }
        done = {(item.host, move.service) for item in self.committed for move in item.moves}
        return frozenset(done - back)

    @property
    def tellable(self) -> tuple[str, ...]:
        """Hosts of the plan whose transactions all ended: of the others nobody can say yet what they should run."""
        open_ends = {end.item.host for end in self.ends + self.way_back if end.ended in ("stuck", "unreadable", "lost")}
        return tuple(host.host for host in self.plan.hosts if host.host not in open_ends)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run came to, for people and for the record."""

    outcome: Outcome
    problems: tuple[Problem, ...]
    ends: tuple[End, ...]
    way_back: tuple[End, ...] = field(default=())
