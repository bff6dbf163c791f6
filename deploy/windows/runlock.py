"""The run lock as one run holds it on one host: under which epoch, and in which process of the worker."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from deploy.execution.target import Holder
from deploy.windows.worker import Worker
from deploy.winrm.channel import Request, RequestFailed
from deploy.winrm.errors import WinrmError
from deploy.wire.errors import WireError

_GRACE_S = 10.0
"""How long the host may take to end a process of ours whose shell was deleted; until then it still has the mutex."""
_PAUSE_S = 0.2


class RunLock:
    """Raises WinrmError, and RequestFailed with `locked`, `transaction-open` or `not-holder`."""

    def __init__(self, worker: Worker, now: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._worker, self._now, self._sleep = worker, now, sleep
        self._held: tuple[Holder, int] | None = None
        self._process = 0
        self._unanswered = 0
        """How often we asked since it was last granted, and got no answer: each may have been granted."""

    @property
    def held(self) -> tuple[Holder, int] | None:
        """Holder and epoch, from taking it to giving it back."""
        return self._held

    def take(self, holder: Holder, epoch: int) -> int:
        """Takes it with at least `epoch`; the granted one."""
        with self._worker.alone():
            return self._granted(holder, self._acquire(holder, epoch))

    def give_back(self) -> None:
        """Gives it back, in a hurry. That of a process that was given up falls free once its shell is deleted."""
        held, self._held = self._held, None
        if held is None:
            return
        holder, epoch = held
        with self._worker.alone():
            if self._worker.generation == self._process:
                with suppress(WinrmError):
                    self._worker.part(Request("lock.release", {}, holder.run, epoch))
            self._worker.reap(hurried=True)

    def forget(self) -> None:
        """It fell free with the process."""
        self._held = None

    def confirmed(self) -> tuple[Holder, int]:
        """Holder and epoch for a mutating request; taken again first when the process is another one by now."""
        if self._held is None:
            raise RequestFailed(WireError("not-holder", "this run has not taken the host's run lock"))
        if self._worker.generation != self._process:
            self._take_again(*self._held)
        return self._held

    def outlived(self) -> bool:
        """Whether every process that held the lock for us before, and was given up, is proven to have ended.

        The proof is its mutex: whoever gets it, we or another run, gets it from Windows after that process's end.
        Raises WinrmError while the host can't be asked.
        """
        with self._worker.alone():
            try:
                self.confirmed()
            except RequestFailed as failed:
                # The host looks for open transactions when it has the mutex already.
                return self._held is None or failed.error.code == "transaction-open"
            return True

    def _take_again(self, holder: Holder, epoch: int) -> None:
        """After a process was given up: ours again only if nobody had it meanwhile."""
        try:
            result = self._acquire(holder, epoch)
        except RequestFailed as failed:
            if failed.error.code == "locked" and not _is_of(holder, failed.error.actual):
                self._held = None
            raise
        ours = int(result["epoch"]) <= epoch + self._unanswered + 1
        if not ours or not _is_of(holder, result.get("previous")):
            self._held = None
            self._worker.close()
            raise RequestFailed(WireError("not-holder", "another run held the lock while the connection was lost"))
        self._granted(holder, result)

    def _acquire(self, holder: Holder, epoch: int) -> Mapping[str, Any]:
        """Asks for it, patiently as long as only a process of the same run, which must be ending, is in the way."""
        args = {"run": holder.run, "who": holder.who, "kind": holder.kind, "since": holder.since, "epoch": epoch}
        request = Request("lock.acquire", args, holder.run, epoch)
        until, may_have_died = self._now() + _GRACE_S, self._worker.generation > 0
        while True:
            self._worker.reap()
            try:
                return self._worker.request(request).result
            except WinrmError:
                self._unanswered += 1
                # An idle worker ends, as while an operator reads the plan; that shows now.
                if not may_have_died:
                    raise
                may_have_died = False
                continue
            except RequestFailed as failed:
                ours = failed.error.code == "locked" and _is_of(holder, failed.error.actual)
                if not ours or self._now() >= until:
                    raise
            self._sleep(_PAUSE_S)

    def _granted(self, holder: Holder, result: Mapping[str, Any]) -> int:
        epoch = int(result["epoch"])
        self._held, self._process, self._unanswered = (holder, epoch), self._worker.generation, 0
        return epoch


def _is_of(holder: Holder, record: object) -> bool:
    """Whether a lock's record names the holder's run."""
    return isinstance(record, Mapping) and record.get("run") == holder.run
