"""Drives the machine: one thread per host, one queue of events; no decision of its own."""

import queue
import threading
from concurrent.futures import ThreadPoolExecutor

from deploy.execution.defect import broken, defect_of
from deploy.execution.happening import Begin, Command, Happening, Interrupt
from deploy.execution.jobs import Job, Jobs
from deploy.execution.machine import advance
from deploy.execution.state import RunState, Summary
from deploy.execution.teller import Teller
from deploy.model.plan import Plan

HEARTBEAT_S = 20.0
"""A worker ends after 60 s of silence: two heartbeats may get lost."""

_ASIDE = ""
"""The thread for jobs that belong to no single host."""


class Driver:
    """Carries out one plan on `hosts`. `interrupt` may be called from a signal handler."""

    def __init__(self, plan: Plan, hosts: tuple[str, ...], jobs: Jobs, teller: Teller, parallel: int) -> None:
        self._state = RunState(plan, hosts)
        self._jobs, self._teller = jobs, teller
        self._events: queue.SimpleQueue[Happening] = queue.SimpleQueue()
        # One thread per host keeps each target single-threaded; the semaphore bounds how many are at work.
        self._threads = {name: ThreadPoolExecutor(1, thread_name_prefix=name or "run") for name in (*hosts, _ASIDE)}
        self._slots = threading.Semaphore(parallel)
        self._over = threading.Event()

    def run(self) -> Summary:
        """Runs to the end. A job that breaks is an event too: the run still ends in order."""
        threading.Thread(target=self._keep_alive, name="heartbeat", daemon=True).start()
        try:
            self._events.put(Begin())
            while self._state.phase != "ended":
                self._turn(self._events.get())
        finally:
            self._over.set()
            for pool in self._threads.values():
                pool.shutdown(wait=False, cancel_futures=True)
        state = self._state
        return Summary(state.outcome, state.problems, state.ends, state.way_back)

    @property
    def interrupted(self) -> bool:
        """Whether an interrupt was seen; for jobs that have steps of their own."""
        return self._state.interrupted

    def interrupt(self) -> None:
        """Begin nothing new. A SimpleQueue may be put to from a signal handler."""
        self._events.put(Interrupt())

    def _keep_alive(self) -> None:
        """Heartbeats for every host that holds a lock; each in its own thread, so that a lost host delays no other."""
        while not self._over.wait(HEARTBEAT_S):
            for host in self._state.locked:
                threading.Thread(target=self._jobs.heartbeat, args=(host,), daemon=True).start()

    def _turn(self, event: Happening) -> None:
        if isinstance(event, Interrupt):
            self._teller.tell("", "end", "", "note", what="interrupted: nothing new is begun")
        self._state, commands = advance(self._state, event)
        for command in commands:
            for host, job in self._jobs.of(command):
                self._threads[host].submit(self._work, command, host, job)

    def _work(self, command: Command, host: str, job: Job) -> None:
        try:
            if host == _ASIDE:
                happened = job()
            else:
                with self._slots:
                    happened = job()
        except BaseException as exc:  # noqa: BLE001  # a defect must end the run in order, not hang it
            happened = broken(command, host, defect_of(host, exc))
        for event in happened:
            self._events.put(event)
