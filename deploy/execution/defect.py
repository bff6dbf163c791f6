"""What becomes of a command whose job broke: the event that says so, so that the run still ends in order."""

import traceback

from deploy.execution.happening import (
    AskCalendar,
    CalendarAnswered,
    Close,
    Closed,
    Command,
    ConvergencePlanned,
    Happening,
    Lock,
    Locked,
    PlanConvergence,
    Recheck,
    Rechecked,
    Stage,
    Staged,
    Transact,
    Transacted,
    Unlock,
    Unlocked,
    Verified,
    Verify,
)
from deploy.model.problem import Problem


def defect_of(host: str, exc: BaseException) -> Problem:
    """A defect as a problem: its last line for people, where it happened for whoever mends it."""
    where = traceback.extract_tb(exc.__traceback__)[-1:]
    place = f" at {where[0].filename.rpartition('/')[2]}:{where[0].lineno}" if where else ""
    what = f"a defect of this tool: {type(exc).__name__}: {exc}{place}"
    return Problem("defect", host or "run", what, "", "report it with the run's log.jsonl")


def broken(command: Command, host: str, problem: Problem) -> tuple[Happening, ...]:
    """The events that stand for the answer which never came. A transaction may have happened: it counts as lost."""
    match command:
        case Lock():
            return (Locked(host, problem),)
        case Stage(hosts):
            return tuple(Staged(plan.host, problem) for plan in hosts)
        case Transact():
            return (Transacted(host, "lost", problem),)
        case Close():
            return (Closed(host, problem),)
        case Unlock():
            return (Unlocked(host),)
        case _:
            return (_aside(command, problem),)


def _aside(command: Recheck | AskCalendar | PlanConvergence | Verify, problem: Problem) -> Happening:
    match command:
        case Recheck():
            return Rechecked("", (problem,))
        case AskCalendar():
            return CalendarAnswered((problem,))
        case PlanConvergence():
            return ConvergencePlanned((), (problem,))
        case Verify():
            return Verified((problem,))
