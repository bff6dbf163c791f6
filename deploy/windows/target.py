"""A Windows host as a target of runs: facts, lock, steps and transactions over one worker."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from deploy.execution.target import Holder, Records, StepResult, Traffic, TransactionEnd
from deploy.execution.target import TargetLost as Lost
from deploy.execution.target import TargetRefused as Refused
from deploy.model.facts import PathFact, Snapshot, Unknown
from deploy.model.secret import Secret
from deploy.model.step import Step
from deploy.windows.facts import parse
from deploy.windows.host_access import HostAccess
from deploy.windows.plain import Plain
from deploy.windows.problems import lost, refused
from deploy.windows.runlock import RunLock
from deploy.windows.story import TransactionStory
from deploy.windows.transaction import Transaction
from deploy.windows.worker import Worker
from deploy.winrm.channel import Request, RequestFailed
from deploy.winrm.errors import WinrmError
from deploy.winrm.shell import ProcessEnd

AskedFacts = Callable[[bool], dict[str, Any]]
"""Arguments of the `facts` verb (planning.facts_request), given whether it is a deep one."""
AWAIT_S = 30.0
"""How long the executor of a submitted transaction may take to begin; later it is dropped."""
SLACK_S = 60.0


class WindowsTarget:
    """Implements execution.target.Target. `secrets_key`: key of the digests by which secrets are compared."""

    def __init__(self, access: HostAccess, asked: AskedFacts, secrets_key: Secret | None = None) -> None:
        self.host = access.endpoint.name
        self.traffic = Traffic()
        self._access, self._asked, self._key = access, asked, secrets_key
        self._phase = "plan"
        self._worker = Worker(access, self._count)
        self._snapshots: dict[bool, tuple[dict[str, Any], Snapshot]] = {}
        self._lock = RunLock(self._worker, access.now, access.sleep)
        self.asked_at: tuple[float, float] | None = None
        """Controller's UTC epoch before and after the last answer to `facts`."""

    @property
    def holds_lock(self) -> bool:
        """Whether this target took the run lock and has not given it back."""
        return self._lock.held is not None

    def phase(self, name: str) -> None:
        """Counts what follows under `name`."""
        self._phase = name

    def expect(self, asked: AskedFacts, secrets_key: Secret | None = None) -> None:
        """Asks this from now on. Secrets are asked about only with a key for their digests."""
        self._asked, self._key = asked, secrets_key

    def forget(self) -> None:
        """Drops the snapshot: the next one is taken anew."""
        self._snapshots.clear()

    def facts(self, *, deep: bool = False) -> Snapshot:
        """The snapshot, kept until something is changed. A host that can't be asked is Unknown; that isn't kept."""
        args = self._asked(deep)
        if self._key is None:
            args = {**args, "secrets": []}
        kept = self._snapshots.get(deep)
        if kept is not None and kept[0] == args:
            return kept[1]
        key = (self._key.reveal().encode(),) if args["secrets"] and self._key else ()
        before = self._access.wall()
        try:
            answer = self._worker.ask(Request("facts", args, streams=key, silence_s=120.0))
        except WinrmError as error:
            return Unknown(self.host, lost(error))
        except RequestFailed as failed:
            return Unknown(self.host, refused(self.host, failed))
        self.asked_at = (before, self._access.wall())
        snapshot = parse(self.host, answer.result)
        if not isinstance(snapshot, Unknown):
            self._snapshots[deep] = (args, snapshot)
        return snapshot

    def lock(self, holder: Holder, epoch: int) -> int:
        """Takes the run lock with at least `epoch`; gives the granted one."""
        self._snapshots.clear()
        with self._told():
            return self._lock.take(holder, epoch)

    def unlock(self) -> None:
        """Gives the run lock back; nothing happens when it isn't held."""
        with self._told():
            self._lock.give_back()

    def heartbeat(self) -> None:
        """Keeps the worker, and with it the lock, alive."""
        with self._told():
            self._worker.heartbeat()

    def apply(self, steps: tuple[Step, ...], *, dry: bool = False) -> tuple[StepResult, ...]:
        """Carries out steps in order, without undo; stops at the first error."""
        if not steps:
            return ()
        self._snapshots.clear()
        args, silence_s = {"steps": list(steps), "dry": dry}, sum(step.deadline_s for step in steps) + SLACK_S
        with self._told(), self._worker.alone():
            holder, epoch = self._lock.confirmed()
            answer = self._worker.request(Request("apply", args, holder.run, epoch, silence_s=silence_s))
        return tuple(StepResult(item["id"], item["changed"], item.get("detail")) for item in answer.result["results"])

    def transact(self, tx: str, steps: tuple[Step, ...], progress: Callable[[Records], None]) -> TransactionEnd:
        """Submits a transaction and follows it to its end, over a new connection when the old one is lost."""
        self._snapshots.clear()
        story, access = TransactionStory(tx, progress), self._access
        transaction = Transaction(self._worker, self._lock, story, access.now, access.sleep)
        with self._told():
            return transaction.carry_out({"tx": tx, "steps": list(steps), "await_s": AWAIT_S, "follow": True})

    def open(self) -> None:
        """Starts the worker, so that a host that can't be used is known at once."""
        with self._told():
            self._worker.open()

    def run(self, command: Plain) -> ProcessEnd:
        """Runs a plain command line beside the worker. It may change anything: the snapshot is dropped."""
        self._snapshots.clear()
        with self._told():
            return self._worker.run(command)

    def run_line(self, line: str) -> ProcessEnd:
        """A line of cmd.exe, as checks run it."""
        return self.run(Plain(line))

    def path(self, path: str) -> PathFact:
        """What lies at a path of the host; raises TargetLost or TargetRefused."""
        args = {**self._asked(False), "services": [], "secrets": [], "firewall": [], "paths": [path]}
        with self._told():
            snapshot = parse(self.host, self._worker.request(Request("facts", args)).result)
        if isinstance(snapshot, Unknown):
            raise Refused(self.host, snapshot.problem)
        return snapshot.paths[path]

    def read_file(self, path: str, max_bytes: int) -> bytes:
        """A file's content; refused with `missing` or when it is larger."""
        request = Request("file.read", {"path": path, "max_bytes": max_bytes}, wants_stream=True)
        with self._told():
            return self._worker.ask(request).stream

    def probe(self, args: dict[str, Any]) -> dict[str, Any]:
        """Asks an address from the host itself; the probe's answer."""
        with self._told():
            return self._worker.ask(Request("probe", args)).result

    def close(self) -> None:
        """Ends the worker and its shell."""
        self._worker.close()
        self._lock.forget()
        self._snapshots.clear()

    def _count(self, sent: int, received: int) -> None:
        self.traffic.requests[self._phase] += 1
        self.traffic.sent_bytes[self._phase] += sent
        self.traffic.received_bytes[self._phase] += received

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Failures below as those of a target."""
        try:
            yield
        except WinrmError as error:
            raise Lost(self.host, lost(error)) from error
        except RequestFailed as failed:
            raise Refused(self.host, refused(self.host, failed)) from failed
