"""The host half's process on one host: started when first needed, spoken to in verbs, steps and blobs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from threading import RLock
from typing import TypeVar

from deploy.windows.encoding import on_the_wire
from deploy.windows.host_access import HostAccess
from deploy.windows.plain import Plain
from deploy.winrm.channel import Answer, Channel, OnEvent, Request, RequestFailed
from deploy.winrm.errors import Kind, WinrmError
from deploy.winrm.session import Session
from deploy.winrm.shell import ProcessEnd, Shell
from deploy.winrm.transport import Count
from deploy.wire import bootstrap

T = TypeVar("T")
CLOSE_WAIT_S = 3.0
"""How long leaving waits for what is at work: a shell that is left idles away, and its worker ends sooner."""
_PASSING = frozenset(
    {Kind.UNREACHABLE, Kind.STALE_LOGIN, Kind.UNAVAILABLE, Kind.NOTHING_YET, Kind.BUSY, Kind.LOST},
)
"""Failures of a heartbeat that the process survives: one frame in one Send arrives whole or not at all."""


@dataclass(slots=True)
class _Life:
    """A worker that runs."""

    session: Session
    shell: Shell
    channel: Channel


class Worker:
    """One worker and its shell. Its requests and plain commands wait for each other. Raises WinrmError, RequestFailed.

    After a failed request the process is given up, and the next request starts another one: whoever asks must then
    find out what became of the request before. The one that was given up may go on until `reap`.
    """

    def __init__(self, access: HostAccess, count: Count) -> None:
        self._access, self._count = access, count
        self._lock = RLock()
        self._life: _Life | None = None
        self._lives = 0
        self._lost: list[str] = []

    @property
    def host(self) -> str:
        """The host's name in the inventory."""
        return self._access.endpoint.name

    @property
    def generation(self) -> int:
        """Which process of this worker runs, counted from 1; 0 when none does."""
        return self._lives if self._life is not None else 0

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Within it no other thread uses the worker: what was seen of it stays true."""
        with self._lock:
            yield

    def request(self, request: Request, on_event: OnEvent | None = None) -> Answer:
        """Sends a request, whose arguments may hold Steps and Blobs, and waits for its answer."""
        ready = on_the_wire(request)
        with self._lock:
            return self._carefully(lambda life: life.channel.ask(ready, on_event))

    def ask(self, request: Request) -> Answer:
        """A request that may be asked twice: a worker that had died, idle perhaps, is replaced once."""
        had_one = self.generation > 0
        try:
            return self.request(request)
        except WinrmError:
            if not had_one:
                raise
            return self.request(request)

    def part(self, request: Request) -> None:
        """A request on the way out: in a hurry."""
        with self._lock:
            self._hurriedly(lambda life: life.channel.ask(on_the_wire(request)))

    def heartbeat(self) -> None:
        """Keeps the process alive; nothing is sent when there is none, or when it is at work and needs no sign.

        A sign that got lost is told, and is no reason to give the process up: it bears two of them.
        """
        if not self._lock.acquire(blocking=False):
            return
        try:
            self._hurriedly(lambda life: life.channel.heartbeat(), _PASSING)
        finally:
            self._lock.release()

    def run(self, command: Plain) -> ProcessEnd:
        """Runs a plain command line beside the worker: in its shell, or in one of its own for other surroundings."""

        def act(life: _Life) -> ProcessEnd:
            if not command.environment and command.directory is None:
                return life.shell.run(command.line, command.stdin, command.deadline_s, self._access.now)
            shell = Shell(life.session, command.environment, command.directory)
            try:
                return shell.run(command.line, command.stdin, command.deadline_s, self._access.now)
            finally:
                _forget(shell)

        with self._lock:
            return self._carefully(act)

    def open(self) -> None:
        """Starts the process, if none runs."""
        with self._lock:
            self._carefully(lambda _life: None)

    def reap(self, hurried: bool = False) -> None:
        """Deletes the shells of workers that were given up; the host then ends their processes, and soon."""
        with self._lock:
            if not self._lost:
                return
            session = Session(self._access.endpoint, self._count, self._access.sleep)
            try:
                with session.hurried() if hurried else nullcontext():
                    while self._lost:
                        _delete(session, self._lost[0])
                        del self._lost[0]
            finally:
                session.close()

    def close(self) -> None:
        """Deletes the shell, and the process with it. Never raises, and never takes long: what is left idles away."""
        if not self._lock.acquire(timeout=CLOSE_WAIT_S):
            return
        try:
            self._hurriedly(lambda life: life.shell.delete())
        except WinrmError:
            return
        finally:
            life, self._life = self._life, None
            if life is not None:
                life.session.close()
            self._lock.release()

    def _hurriedly(self, act: Callable[[_Life], object], passing: frozenset[Kind] = frozenset()) -> None:
        """Acts in a hurry on the worker, if one lives."""
        life = self._life
        if life is not None:
            with life.session.hurried():
                self._carefully(act, passing)

    def _carefully(self, act: Callable[[_Life], T], passing: frozenset[Kind] = frozenset()) -> T:
        """Acts on the living worker, started when needed; after a failed exchange that isn't `passing` given up."""
        try:
            if self._life is None:
                self._life = self._start()
            return act(self._life)
        except WinrmError as error:
            if self._life is not None and error.kind not in passing:
                self._lost.append(self._life.shell.id)
                self._life.session.close()
                self._life = None
            raise

    def _start(self) -> _Life:
        """Shell, process, greeting: two requests and one Receive, when the host has the module."""
        given = self._access
        session = Session(given.endpoint, self._count, given.sleep)
        shell: Shell | None = None
        try:
            environment = {
                bootstrap.ENV_BOOT: given.module.boot,
                bootstrap.ENV_AGENT: given.module.sha256,
                bootstrap.ENV_ROOT: given.root,
            }
            shell = Shell(session, environment)
            channel = Channel(self.host, shell.start(bootstrap.COMMAND), given.now)
            channel.greet(given.module.text)
            self._lives += 1
            return _Life(session, shell, channel)
        except (WinrmError, RequestFailed):
            if shell is not None:
                _forget(shell)
            session.close()
            raise


def _delete(session: Session, shell: str) -> None:
    """Deletes a shell; one that is gone already is as good."""
    try:
        session.delete(shell)
    except WinrmError as error:
        if error.kind is not Kind.SHELL_GONE:
            raise


def _forget(shell: Shell) -> None:
    """Deletes a shell whose worker never was; what can't be deleted idles away."""
    try:
        shell.delete()
    except WinrmError:
        return
