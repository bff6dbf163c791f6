"""The settling task's process: carries out what was submitted, undoes what was left open, then ends.

`python -m …executor <host folder> <root> -Agent <sha>`.
"""

import json
import os
import sys
from pathlib import Path

from deploy.sandbox.engines.builtin import decisions
from deploy.sandbox.engines.builtin.clock import SystemClock
from deploy.sandbox.engines.builtin.decisions import Todo
from deploy.sandbox.engines.builtin.disk import Disk, remove_tree, replace_bytes
from deploy.sandbox.engines.builtin.faults import wire_error
from deploy.sandbox.engines.builtin.journal_file import (
    Read,
    all_journals,
    journal_path,
    open_journals,
    read_journal,
    settleable_journals,
)
from deploy.sandbox.engines.builtin.layout import TASK_PATH, Layout
from deploy.sandbox.engines.builtin.run_lock import granted_pair
from deploy.sandbox.engines.builtin.transaction import Transaction
from deploy.sandbox.engines.builtin.world import World, read_json
from deploy.sandbox.machine.client import KernelClient
from deploy.sandbox.machine.kernel import KernelError
from deploy.wire.journal import OPEN_STATES

KEPT_JOURNALS = 20
_HOLDER = "executor.json"
_PATIENCE_S = 5.0


class Executor:
    """One instance: it works only while it holds the mutex."""

    def __init__(self, world: World, pid: int) -> None:
        self._world, self._pid = world, pid
        self._started = ""
        self._ended_tx: str | None = None
        """What an executor that hung was at when this one ended it."""

    def run(self) -> int:
        """Settles everything that is open; gives the exit code, 0 also when another instance is at work."""
        if not self._take_mutex():
            return 0
        self._started = self._own_start()
        self._announce(None)
        seen: set[str] = set()
        while fresh := [journal for journal in open_journals(self._world) if journal.tx not in seen]:
            for journal in fresh:
                seen.add(journal.tx)
                self._settle(journal)
            self._switch_off()
        if not seen:
            self._switch_off()
        self._clean()
        return 0

    def _switch_off(self) -> None:
        """Triggers off when nothing is left for them, then one more look."""
        if settleable_journals(self._world):
            return
        self._triggers(False)
        self._world.kernel.checkpoint("disabled")
        if settleable_journals(self._world):
            self._triggers(True)

    def _take_mutex(self) -> bool:
        if self._world.kernel.mutex_try(self._world.layout.executor_mutex):
            return True
        return self._end_overdue_holder() and self._await_mutex()

    def _end_overdue_holder(self) -> bool:
        """Ends a holder that hangs; never one whose number now belongs to somebody else."""
        holder = read_json(self._world.state_file(_HOLDER))
        stamp = self._world.stamp()
        if not isinstance(holder, dict) or holder["boot"] != stamp["boot"]:
            return False
        if not decisions.holder_overdue(holder["up"], self._journal(holder["tx"]), stamp["boot"], stamp["up"]):
            return False
        process = self._world.kernel.process(holder["pid"])
        if process is not None and process["started"] == holder["started"]:
            self._world.kernel.kill(holder["pid"])
        self._ended_tx = holder["tx"]
        return True

    def _journal(self, tx: str | None) -> Read | None:
        try:
            return None if tx is None else read_journal(journal_path(self._world, tx))
        except FileNotFoundError:
            return None

    def _await_mutex(self) -> bool:
        deadline = self._world.clock.now() + _PATIENCE_S
        while not self._world.kernel.mutex_try(self._world.layout.executor_mutex):
            if self._world.clock.now() >= deadline:
                return False
            self._world.clock.sleep(0.02)
        return True

    def _announce(self, tx: str | None) -> None:
        """Writes who holds the mutex, and what it turns to, so that a successor can end it when it hangs.

        A full disk does not stop it: then no successor can tell that it hangs, but what is open is undone.
        """
        record = {"pid": self._pid, "started": self._started, "tx": tx, **self._world.stamp()}
        content = json.dumps(record).encode()
        self._world.private_folder(self._world.layout.state)
        try:
            self._world.kernel.disk_take(len(content))
            replace_bytes(self._world.state_file(_HOLDER), content)
        except (OSError, KernelError) as exc:
            if wire_error(exc).code != "disk-full":
                raise

    def _own_start(self) -> str:
        """When this process started; the machine may learn of it a moment after its birth."""
        deadline = self._world.clock.now() + _PATIENCE_S
        while (process := self._world.kernel.process(self._pid)) is None:
            if self._world.clock.now() >= deadline:
                return ""
            self._world.clock.sleep(0.01)
        return process["started"]

    def _todo(self, journal: Read) -> Todo:
        stamp = self._world.stamp()
        todo = decisions.NEXT[decisions.condition(journal, stamp["boot"], stamp["up"], granted_pair(self._world))]
        if todo is not Todo.ASK_SETTLED:
            return todo
        settled = Transaction(self._world, journal.path).stuck_step_settled()
        return Todo.UNDO if settled else Todo.LEAVE

    def _settle(self, journal: Read) -> None:
        """Does what is to be done with a journal."""
        transaction = Transaction(self._world, journal.path)
        self._announce(journal.tx)
        match self._todo(journal):
            case Todo.CARRY_OUT:
                transaction.carry_out(self._pid, self._started)
            case Todo.DROP:
                transaction.drop()
            case Todo.UNDO:
                transaction.undo_interrupted(hung=self._ended_tx == journal.tx)

    def _triggers(self, enabled: bool) -> None:
        try:
            self._world.kernel.task_enable(TASK_PATH, enabled)
        except KernelError:
            # Started by hand, without the task: nothing to switch.
            return

    def _clean(self) -> None:
        journals = all_journals(self._world)
        ended = [journal for journal in journals if journal.state not in OPEN_STATES]
        for journal in ended:
            remove_tree(journal.path.with_suffix(".d"))
            journal.path.with_suffix(".cancel").unlink(missing_ok=True)
        oldest_first = sorted(ended, key=lambda journal: journal.path.stat().st_mtime_ns)
        for journal in oldest_first[:-KEPT_JOURNALS]:
            journal.path.unlink()
        self._world.state_file(_HOLDER).unlink(missing_ok=True)


def main(arguments: list[str]) -> int:
    """The process."""
    folder, root, *rest = arguments
    agent = rest[rest.index("-Agent") + 1] if "-Agent" in rest else ""
    with KernelClient(Path(folder)) as kernel:
        world = World(kernel, Disk(Path(folder), root), SystemClock(), Layout(root), agent)
        return Executor(world, os.getpid()).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
