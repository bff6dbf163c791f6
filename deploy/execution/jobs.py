"""What each command of the machine does: one job, in one thread, that ends in events."""

from collections.abc import Callable
from functools import partial

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
    Stage,
    Staged,
    Transact,
    Transacted,
    Unlock,
    Unlocked,
    Verify,
)
from deploy.execution.ports import Surroundings
from deploy.execution.target import Holder, Records, Target, TargetLost, TargetRefused, TransactionEnd
from deploy.execution.teller import Teller
from deploy.model.plan import HostPlan, HostWave
from deploy.model.problem import Problem
from deploy.planning.closing import with_run

Job = Callable[[], tuple[Happening, ...]]
FIRST_EPOCH = 1

_TOLD = frozenset({"doing", "done", "failed", "undoing", "undo-done", "stuck", "ended"})
_NEXT = {
    "undone": "the old revision serves; read the service's log, then invoke plan --env {env}",
    "dropped": "nothing was touched; invoke plan --env {env}",
    "stuck": "invoke status --env {env}; the host tries again every minute",
    "unreadable": "invoke status --env {env}; then docs/recovery.md",
}


class Jobs:
    """Makes jobs of commands: pairs of the host whose thread does it ("" for none) and the job."""

    def __init__(
        self, targets: dict[str, Target], surroundings: Surroundings, holder: Holder, environment: str, teller: Teller
    ) -> None:
        self._targets, self._surroundings = targets, surroundings
        self._holder, self._environment, self._teller = holder, environment, teller
        self._transactions = 0

    def of(self, command: Command) -> list[tuple[str, Job]]:
        """The jobs that carry out the command."""
        match command:
            case Lock(hosts):
                return [(host, partial(self._lock, host)) for host in hosts]
            case Transact(items, converging):
                return [(item.host, partial(self._transact, item, self._name(), converging)) for item in items]
            case Close(plans):
                return [(plan.host, partial(self._close, plan)) for plan in plans]
            case Unlock(hosts):
                return [(host, partial(self._unlock, host)) for host in hosts]
            case _:
                return [("", self._beside(command))]

    def heartbeat(self, host: str) -> None:
        """Keeps an idle host's worker alive; a lost one shows itself at its next command."""
        try:
            self._targets[host].heartbeat()
        except (TargetLost, TargetRefused) as exc:
            self._teller.failed(host, "lock", "heartbeat", exc.problem)

    def _beside(self, command: Recheck | Stage | AskCalendar | PlanConvergence | Verify) -> Job:
        match command:
            case Recheck():
                return lambda: (self._surroundings.recheck(),)
            case Stage(hosts):
                return partial(self._stage, hosts)
            case AskCalendar():
                return self._ask_calendar
            case PlanConvergence(committed):
                return partial(self._plan_way_back, committed)
            case Verify(hosts, new):
                return partial(self._verify, hosts, new)

    def _name(self) -> str:
        self._transactions += 1
        return f"{self._holder.run}-{self._transactions:03d}"

    def _lock(self, host: str) -> tuple[Happening, ...]:
        target = self._targets[host]
        target.phase("lock")
        self._teller.tell(host, "lock", "lock", "start")
        try:
            epoch = target.lock(self._holder, FIRST_EPOCH)
        except (TargetLost, TargetRefused) as exc:
            return (Locked(host, self._teller.failed(host, "lock", "lock", exc.problem)),)
        self._teller.tell(host, "lock", "lock", "done", epoch=epoch)
        return (Locked(host),)

    def _stage(self, hosts: tuple[HostPlan, ...]) -> tuple[Happening, ...]:
        for host in hosts:
            self._targets[host.host].phase("stage")
            self._teller.tell(host.host, "stage", "", "start", steps=[step.id for step in host.stage])
        results = self._surroundings.stage(hosts)
        for name, problem in results.items():
            if problem:
                self._teller.failed(name, "stage", "", problem)
            else:
                self._teller.tell(name, "stage", "", "done")
        return tuple(Staged(name, problem) for name, problem in results.items())

    def _transact(self, item: HostWave, tx: str, converging: bool) -> tuple[Happening, ...]:
        target, host = self._targets[item.host], item.host
        target.phase("cutover")
        steps = [step.id for step in item.steps]
        moves = {move.service: [move.before, move.after] for move in item.moves}
        self._teller.tell(
            host, "cutover", "", "start", tx=tx, wave=item.wave, moves=moves, steps=steps, back=converging
        )
        try:
            end = target.transact(tx, item.steps, partial(self._progress, host, steps))
        except TargetLost as exc:
            return (Transacted(host, "lost", self._teller.failed(host, "cutover", "", exc.problem)),)
        except TargetRefused as exc:
            # Refused before its first effect: nothing was touched.
            return (Transacted(host, "dropped", self._teller.failed(host, "cutover", "", exc.problem)),)
        if end.outcome == "committed":
            self._teller.tell(host, "cutover", "", "done", tx=tx)
            return (Transacted(host, "committed"),)
        problem = self._teller.failed(host, "cutover", "", self._transaction_problem(item, end))
        return (Transacted(host, end.outcome, problem),)

    def _transaction_problem(self, item: HostWave, end: TransactionEnd) -> Problem:
        names = ", ".join(move.service for move in item.moves)
        following = _NEXT[end.outcome].format(env=self._environment)
        return Problem(f"transaction-{end.outcome}", item.host, f"{names}: {end.error}", "", following)

    def _progress(self, host: str, steps: list[str], records: Records) -> None:
        for record in records:
            if record["t"] in _TOLD:
                index = record.get("i")
                step = steps[index] if isinstance(index, int) else ""
                self._teller.progress(host, "cutover", step, record["t"], record["at"])

    def _plan_way_back(self, committed: tuple[HostWave, ...]) -> tuple[Happening, ...]:
        self._teller.tell("", "cutover", "", "note", what="taking back what was committed")
        waves, problems = self._surroundings.way_back(committed)
        for problem in problems:
            self._teller.failed("", "cutover", "", problem)
        return (ConvergencePlanned(waves, problems),)

    def _ask_calendar(self) -> tuple[Happening, ...]:
        problems = self._surroundings.may_begin()
        for problem in problems:
            self._teller.failed("", "cutover", "", problem)
        return (CalendarAnswered(problems),)

    def _verify(self, hosts: tuple[str, ...], new: frozenset[tuple[str, str]]) -> tuple[Happening, ...]:
        self._teller.tell("", "verify", "", "start")
        found = self._surroundings.verify(hosts, new)
        for problem in found.problems:
            self._teller.failed("", "verify", "", problem)
        if not found.problems:
            self._teller.tell("", "verify", "", "done")
        return (found,)

    def _close(self, plan: HostPlan) -> tuple[Happening, ...]:
        self._targets[plan.host].phase("attest")
        try:
            self._targets[plan.host].apply(with_run(plan.closing, self._holder.run))
        except (TargetLost, TargetRefused) as exc:
            return (Closed(plan.host, self._teller.failed(plan.host, "attest", "", exc.problem)),)
        self._teller.tell(plan.host, "attest", "", "done")
        return (Closed(plan.host),)

    def _unlock(self, host: str) -> tuple[Happening, ...]:
        self._targets[host].phase("lock")
        try:
            self._targets[host].unlock()
        except (TargetLost, TargetRefused) as exc:
            # The worker ends after 60 s of silence, and the lock with it.
            self._teller.failed(host, "lock", "unlock", exc.problem)
        return (Unlocked(host),)
