"""The worker's side of transactions: submit, follow, read, cancel."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from deploy.sandbox.engines.builtin import decisions
from deploy.sandbox.engines.builtin.journal_file import (
    Read,
    create_journal,
    journal_path,
    open_journals,
    read_journal,
    write_reserve,
)
from deploy.sandbox.engines.builtin.layout import TASK_PATH
from deploy.sandbox.engines.builtin.run_lock import granted_pair
from deploy.sandbox.engines.builtin.step import Step
from deploy.sandbox.engines.builtin.transaction import Transaction
from deploy.sandbox.engines.builtin.world import World
from deploy.sandbox.machine.kernel import KernelError
from deploy.wire.errors import WireError

FIRST_PROGRESS_S = 1.5
PROGRESS_S = 20.0
_POLL_S = 0.05
_NUDGE_S = 1.0
_EXECUTOR_ENDS_S = 20.0
"""For how long a submission waits for an executor that has nothing open any more."""
_TX = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_FINAL = frozenset({"committed", "undone", "dropped", "stuck", "unreadable"})


def checked_tx(value: object) -> str:
    """A transaction's id; raises WireError `bad-request` for what can't be a file's name."""
    if not isinstance(value, str) or not _TX.fullmatch(value) or value[-1] == ".":
        raise WireError("bad-request", f"{value!r} is no transaction id", expected=_TX.pattern)
    return value


@dataclass(frozen=True, slots=True)
class Submission:
    """What is to be journaled."""

    tx: str
    run: str
    epoch: int
    steps: list[Step]
    await_s: float


class Transactions:
    """Transactions as a worker sees them. `stopped` tells that nobody listens any more."""

    def __init__(self, world: World, stopped: Callable[[], bool]) -> None:
        self._world, self._stopped = world, stopped

    def require_none_open(self, tx: str) -> None:
        """Raises WireError `exists` or `transaction-open`."""
        if journal_path(self._world, tx).exists():
            raise WireError("exists", f"transaction {tx} was submitted before: follow it", actual=tx)
        if names := [journal.tx for journal in open_journals(self._world)]:
            raise WireError("transaction-open", f"transaction {names[0]} is still open", actual=names)
        if self._world.kernel.task(TASK_PATH) is None:
            raise WireError("missing", "the settling task is not installed", expected="executor.install first")

    def submit(self, submission: Submission) -> None:
        """Writes the journal and starts the executor."""
        world = self._world
        world.private_folder(world.layout.transactions)
        write_reserve(world, journal_path(world, submission.tx).with_suffix(".d"))
        record = {
            "t": "submitted",
            "tx": submission.tx,
            "run": submission.run,
            "epoch": submission.epoch,
            "agent": world.agent,
            "await_s": submission.await_s,
            "steps": submission.steps,
            **world.stamp(),
        }
        with self._executors_kept_out():
            # Triggers before the journal: from its first byte on, somebody will look after it.
            world.kernel.task_enable(TASK_PATH, True)
            world.kernel.checkpoint("enabled")
            create_journal(world, journal_path(world, submission.tx), record)
        world.kernel.checkpoint("submit")
        self._start_executor()

    def read(self, tx: str, after: int) -> dict[str, Any]:
        """`{records, outcome, executor_alive}` at once."""
        return self._answer(self._journal(tx), after)

    def follow(self, tx: str, after: int, progress: Callable[[list[dict[str, Any]]], None]) -> dict[str, Any]:
        """The same once the transaction has ended or is stuck; `progress` gets what was new meanwhile."""
        clock = self._world.clock
        told, tell_at, nudge_at = after, clock.now() + FIRST_PROGRESS_S, clock.now() + _NUDGE_S
        while (journal := self._journal(tx)).state not in _FINAL and not self._stopped():
            now = clock.now()
            if now >= tell_at:
                progress(list(journal.records[told:]))
                told, tell_at = len(journal.records), now + PROGRESS_S
            if journal.state == "submitted" and now >= nudge_at:
                self._nudge(journal)
                nudge_at = now + _NUDGE_S
            clock.sleep(_POLL_S)
        return self._answer(journal, after)

    def cancel(self, tx: str) -> None:
        """Leaves the marker that the executor looks for between steps."""
        journal = self._journal(tx)
        if journal.state not in _FINAL:
            journal.path.with_suffix(".cancel").touch()

    def _nudge(self, journal: Read) -> None:
        """Starts an executor anew, or drops what none may begin any more, so that following it ends."""
        stamp = self._world.stamp()
        if decisions.condition(journal, stamp["boot"], stamp["up"], granted_pair(self._world)) == "awaited":
            if not self._executor_alive():
                self._start_executor()
            return
        mutex = self._world.layout.executor_mutex
        if not self._world.kernel.mutex_try(mutex):
            return
        try:
            if self._journal(journal.tx).state == "submitted":
                Transaction(self._world, journal.path).drop()
        finally:
            self._world.kernel.mutex_release(mutex)

    @contextmanager
    def _executors_kept_out(self) -> Iterator[None]:
        """Holds the executor's mutex: one that is just ending would switch off the triggers behind our back."""
        kernel, clock, mutex = self._world.kernel, self._world.clock, self._world.layout.executor_mutex
        deadline = clock.now() + _EXECUTOR_ENDS_S
        while not kernel.mutex_try(mutex):
            if clock.now() >= deadline or self._stopped():
                raise WireError("transaction-open", "an executor is still at work on this host", expected="its end")
            clock.sleep(_POLL_S / 5)
        try:
            yield
        finally:
            kernel.mutex_release(mutex)

    def _journal(self, tx: str) -> Read:
        try:
            return read_journal(journal_path(self._world, tx))
        except FileNotFoundError:
            raise WireError("missing", f"there is no transaction {tx} on this host", expected=tx) from None

    def _answer(self, journal: Read, after: int) -> dict[str, Any]:
        return {
            "records": list(journal.records[after:]),
            "outcome": journal.state if journal.state in _FINAL else None,
            "executor_alive": self._executor_alive(),
        }

    def _executor_alive(self) -> bool:
        return self._world.kernel.mutex_taken(self._world.layout.executor_mutex)

    def _start_executor(self) -> None:
        try:
            self._world.kernel.task_enable(TASK_PATH, True)
            self._world.kernel.task_run(TASK_PATH)
        except KernelError:
            # An executor that was just ending switched the triggers off again; following starts it anew.
            return
