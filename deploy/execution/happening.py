"""What can happen in a run, and what the machine can ask for: plain data, no behaviour."""

from dataclasses import dataclass
from typing import Literal

from deploy.model.plan import HostPlan, HostWave, Wave
from deploy.model.problem import Problem

Ended = Literal["committed", "undone", "dropped", "stuck", "unreadable", "lost"]


# -- events -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Begin:
    """The plan was approved."""


@dataclass(frozen=True, slots=True)
class Locked:
    """A host granted the run lock, or `problem` says why not."""

    host: str
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Rechecked:
    """The plan was made again under the lock; `problems` are its refusals."""

    plan_hash: str
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Staged:
    """A host has everything that its transactions need, or `problem` says why not."""

    host: str
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Transacted:
    """A host's transaction ended; `lost`: the host no longer answers and nobody knows."""

    host: str
    ended: Ended
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class ConvergencePlanned:
    """Transactions that bring the failed domains back to one release; `problems`: what can't be brought back."""

    waves: tuple[Wave, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class CalendarAnswered:
    """Whether a cutover may begin now; `problems` say why not."""

    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Verified:
    """The checks of the end state ran.

    `failed_domains`: failure domains of which a check says that they are not as they should be. Problems without any
    are what nobody could tell (a silent host, a check that broke): no reason to take anything back.
    """

    problems: tuple[Problem, ...] = ()
    failed_domains: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Closed:
    """A host recorded the release and was pruned, or `problem` says why not."""

    host: str
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Unlocked:
    """A host's lock was given back (or is gone with the host)."""

    host: str


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Ctrl-C or SIGTERM: begin nothing new."""


Happening = (
    Begin
    | Locked
    | Rechecked
    | Staged
    | CalendarAnswered
    | Transacted
    | ConvergencePlanned
    | Verified
    | Closed
    | Unlocked
    | Interrupt
)

# -- commands ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lock:
    """Take the run lock on these hosts."""

    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recheck:
    """Ask all hosts again, plan again, give the hash."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Prepare these hosts, all at once."""

    hosts: tuple[HostPlan, ...]


@dataclass(frozen=True, slots=True)
class AskCalendar:
    """Ask once more whether a cutover may begin: staging may have taken long."""


@dataclass(frozen=True, slots=True)
class Transact:
    """Submit these transactions, one per host, together."""

    items: tuple[HostWave, ...]
    converging: bool


@dataclass(frozen=True, slots=True)
class PlanConvergence:
    """Plan the way back for what these transactions changed."""

    committed: tuple[HostWave, ...]


@dataclass(frozen=True, slots=True)
class Verify:
    """Check the end state of `hosts`: services in `new` (host, service) as planned, all others as they were before."""

    hosts: tuple[str, ...]
    new: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Close:
    """Record the release and prune."""

    hosts: tuple[HostPlan, ...]


@dataclass(frozen=True, slots=True)
class Unlock:
    """Give the locks back."""

    hosts: tuple[str, ...]


Command = Lock | Recheck | Stage | AskCalendar | Transact | PlanConvergence | Verify | Close | Unlock
