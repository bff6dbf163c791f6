"""A transaction submitted and followed to its end; without a good answer the host's journal tells the end."""

from collections.abc import Callable
from typing import Any

from deploy.execution.target import TransactionEnd
from deploy.windows.runlock import RunLock
from deploy.windows.story import TransactionStory
from deploy.windows.worker import Worker
from deploy.winrm.channel import Request, RequestFailed
from deploy.winrm.errors import Kind, WinrmError

BEFORE_SUBMISSION = frozenset(
    {"bad-request", "exists", "locked", "not-holder", "transaction-open", "unexpected-state", "unsupported"}
)
"""Error codes of `tx.submit` that say that nothing was submitted; after any other one the journal must tell."""
PATIENCE_S = 90.0
"""A host that says nothing for longer is given up: it settles by itself within this time after its start."""
_FOLLOW_SILENCE_S = 60.0
"""A worker that follows says something every 20 s."""
_PAUSE_S = 2.0
_HOPELESS = frozenset({Kind.LOGIN_REFUSED, Kind.UNTRUSTED, Kind.DENIED, Kind.SCHEMA})


class Transaction:
    """One transaction on one host; it is submitted once, if at all."""

    def __init__(
        self,
        worker: Worker,
        lock: RunLock,
        story: TransactionStory,
        now: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._worker, self._lock, self._story = worker, lock, story
        self._now, self._sleep = now, sleep
        self._heard = now()
        self._refusal: RequestFailed | None = None

    def carry_out(self, args: dict[str, Any]) -> TransactionEnd:
        """Submits it with the arguments of `tx.submit`; its end.

        Raises RequestFailed when nothing was submitted, and WinrmError when that, or how it ended, can't be told.
        """
        try:
            with self._worker.alone():
                holder, epoch = self._lock.confirmed()
                end = self._submit(Request("tx.submit", args, holder.run, epoch, silence_s=_FOLLOW_SILENCE_S))
        except _NoAnswer:
            return self._find_out(submitter_ended=False)
        return end or self._find_out(submitter_ended=True)

    def _submit(self, request: Request) -> TransactionEnd | None:
        """The end that the worker's answer tells. Raises _NoAnswer when the worker was lost."""
        try:
            return self._story.end(self._worker.request(request, self._story.on_event).result)
        except WinrmError as error:
            raise _NoAnswer from error
        except RequestFailed as failed:
            if failed.error.code in BEFORE_SUBMISSION:
                raise
            self._refusal = failed
            return None

    def _find_out(self, submitter_ended: bool) -> TransactionEnd:
        """The end, once the host tells one; given up after 90 s of silence.

        Only when the worker that was to submit has ended or answered (`submitter_ended`) does a host that has no such
        transaction mean that there will be none.
        """
        self._heard = self._now()
        while True:
            failure: WinrmError | RequestFailed | None = None
            try:
                submitter_ended = submitter_ended or self._lock.outlived()
                end = self._follow()
                if end is not None:
                    return end
            except WinrmError as error:
                failure = error
            except RequestFailed as failed:
                if failed.error.code == "missing" and submitter_ended and not self._story.seen:
                    return self._never_submitted()
                failure = failed
            if failure is not None and self._is_hopeless(failure):
                raise self._unknown(failure)
            self._sleep(_PAUSE_S)

    def _follow(self) -> TransactionEnd | None:
        """What following it tells; None: it has not ended."""
        args = {"tx": self._story.tx, "after": self._story.seen}
        answer = self._worker.request(Request("tx.follow", args, silence_s=_FOLLOW_SILENCE_S), self._on_event)
        self._heard = self._now()
        return self._story.end(answer.result)

    def _on_event(self, event: dict[str, Any]) -> None:
        self._heard = self._now()
        self._story.on_event(event)

    def _never_submitted(self) -> TransactionEnd:
        """The end of what the host never had, or why it did not take it."""
        if self._refusal is not None:
            raise self._refusal
        return self._story.dropped("the connection was lost before the host had it; it was not submitted again")

    def _is_hopeless(self, failure: WinrmError | RequestFailed) -> bool:
        if isinstance(failure, WinrmError) and failure.kind in _HOPELESS:
            return True
        return self._now() - self._heard >= PATIENCE_S

    def _unknown(self, failure: WinrmError | RequestFailed) -> WinrmError:
        """What the host last said is not how the transaction ended: to the run it is as lost as a silent one."""
        if isinstance(failure, WinrmError):
            return failure
        what = f"it does not tell how transaction {self._story.tx} ended: {failure}"
        return WinrmError(self._worker.host, Kind.LOST, what, started=True)


class _NoAnswer(Exception):  # noqa: N818  # the event's name
    """The worker was lost after the request may have been sent."""
