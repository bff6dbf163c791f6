"""The run lock: a mutex of this process, and the record that says who has it."""

import contextlib
import json
from typing import Any

from deploy.sandbox.engines.builtin.disk import remove_tree, replace_bytes
from deploy.sandbox.engines.builtin.journal_file import SUFFIX, settleable_journals
from deploy.sandbox.engines.builtin.layout import TASK_PATH
from deploy.sandbox.engines.builtin.transaction import Transaction
from deploy.sandbox.engines.builtin.world import World
from deploy.sandbox.machine.kernel import KernelError
from deploy.wire.errors import WireError

_RECORD = "lock.json"
_FIELDS = ("run", "who", "kind", "since")


def read_lock(world: World) -> dict[str, Any]:
    """The record as it is; `run` is None when nobody has the lock.

    Raises WireError `unexpected-state` when it is damaged. Damage is never read as "nobody": epochs would begin anew.
    """
    try:
        found = json.loads(world.state_file(_RECORD).read_bytes())
    except FileNotFoundError:
        return {"run": None, "epoch": 0}
    except ValueError:
        found = None
    if isinstance(found, dict) and isinstance(found.get("run"), str | None) and type(found.get("epoch")) is int:
        return found
    path = rf"{world.layout.state}\{_RECORD}"
    message = f"{path} is damaged: put back the last epoch that a run's record names, or a higher one"
    raise WireError("unexpected-state", message, where=path, expected='{"run": null, "epoch": N}')


def granted_pair(world: World) -> tuple[str | None, int] | None:
    """The pair that the record names; None when it names none, or nobody can tell."""
    try:
        record = read_lock(world)
    except WireError:
        return None
    return None if record["run"] is None else (record["run"], record["epoch"])


class RunLock:
    """The lock as this worker sees it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._held: tuple[str, int] | None = None

    def acquire(self, args: dict[str, Any]) -> dict[str, Any]:
        """`{epoch, previous}`; raises WireError `locked` or `transaction-open`."""
        if not all(isinstance(args.get(name), str) and args[name] for name in _FIELDS):
            raise WireError("bad-request", "lock.acquire: expected run, who, kind and since", expected=list(_FIELDS))
        wanted = args.get("epoch", 0)
        if type(wanted) is not int or wanted < 0:
            raise WireError("bad-request", "lock.acquire: epoch is no number", actual=wanted)
        previous = read_lock(self._world)
        if self._held is not None and self._held[0] == args["run"] and wanted <= self._held[1]:
            return {"epoch": self._held[1], "previous": previous}
        self._take_mutex(previous)
        epoch = max(wanted, previous["epoch"] + 1)
        try:
            self._end_never_begun()
            self._tidy()
            self._write({**{name: args[name] for name in _FIELDS}, "epoch": epoch})
        except BaseException:
            if self._held is None:
                self._world.kernel.mutex_release(self._world.layout.worker_mutex)
            raise
        self._held = (args["run"], epoch)
        return {"epoch": epoch, "previous": previous if previous["run"] is not None else None}

    def require(self, run: str | None, epoch: int | None) -> None:
        """Raises WireError `not-holder` unless this worker holds the lock for exactly this pair."""
        if self._held is None or self._held != (run, epoch):
            self._refuse(run, epoch)

    def require_record(self, run: str | None, epoch: int | None) -> None:
        """The weaker demand of `tx.cancel`: the record names the pair, whoever holds the mutex."""
        record = read_lock(self._world)
        if record["run"] is None or (record["run"], record["epoch"]) != (run, epoch):
            self._refuse(run, epoch)

    def release(self) -> None:
        """Gives the lock back; the epoch stays in the record."""
        try:
            self._write({**read_lock(self._world), "run": None})
        finally:
            self._held = None
            self._world.kernel.mutex_release(self._world.layout.worker_mutex)

    def _refuse(self, run: str | None, epoch: int | None) -> None:
        record = read_lock(self._world)
        raise WireError(
            "not-holder",
            f"run {run!r} with epoch {epoch!r} does not hold this host's lock",
            expected={"run": run, "epoch": epoch},
            actual={"run": record["run"], "epoch": record["epoch"]},
        )

    def _take_mutex(self, previous: dict[str, Any]) -> None:
        kernel, layout = self._world.kernel, self._world.layout
        if not kernel.mutex_try(layout.worker_mutex):
            who = f"{previous.get('who')} with run {previous['run']}"
            raise WireError("locked", f"locked by {who} since {previous.get('since')}", actual=previous)

    def _end_never_begun(self) -> None:
        """Drops what was submitted under an older pair and never begun; sees to it that what was begun is settled.

        Raises WireError `transaction-open` while an executor is at work.
        """
        kernel, mutex = self._world.kernel, self._world.layout.executor_mutex
        still_open = settleable_journals(self._world)
        if not still_open:
            return
        if not kernel.mutex_try(mutex):
            names = [journal.tx for journal in still_open]
            raise WireError("transaction-open", f"transaction {names[0]} is being carried out", actual=names)
        try:
            # Read again: until we had the mutex, an executor may have begun or ended one.
            for journal in settleable_journals(self._world):
                if journal.state == "submitted":
                    Transaction(self._world, journal.path).drop()
        finally:
            kernel.mutex_release(mutex)
        if settleable_journals(self._world) and kernel.task(TASK_PATH) is not None:
            kernel.task_enable(TASK_PATH, True)
            # An instance that came by while we had the mutex has left; the next one would come in a minute.
            with contextlib.suppress(KernelError):
                kernel.task_run(TASK_PATH)

    def _tidy(self) -> None:
        """Removes what dead workers left: we have the mutex, so nobody else is writing."""
        remove_tree(self._world.disk.local(self._world.layout.incoming))
        folder = self._world.disk.local(self._world.layout.transactions)
        for path in folder.glob("*.d") if folder.is_dir() else ():
            if not path.with_suffix(SUFFIX).exists():
                remove_tree(path)

    def _write(self, record: dict[str, Any]) -> None:
        self._world.private_folder(self._world.layout.state)
        replace_bytes(self._world.state_file(_RECORD), json.dumps(record).encode())
