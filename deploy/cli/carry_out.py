"""An approved plan carried out in front of somebody: targets, driver, signals, record."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from deploy.cli.output import Output
from deploy.cli.run_record import RunRecord, recorded
from deploy.cli.surroundings import RunSurroundings
from deploy.execution.clock import SystemClock, stamp
from deploy.execution.driver import Driver
from deploy.execution.jobs import Jobs
from deploy.execution.target import Holder, Target
from deploy.execution.teller import Teller
from deploy.model.run import Exit, Outcome
from deploy.windows.terms import Terms

SECOND_INTERRUPT = "second interrupt: leaving now; the hosts settle by themselves"
_STAGED = {"start": "doing"}
"""Steps of the preparation are told in the words of transactions."""


def carry_out(surroundings: RunSurroundings, output: Output, reason: str = "") -> Exit:
    """Runs the plan to its end and reports it. `reason`: why hosts were left out, which makes it partial at best."""
    clock = SystemClock()
    plan, site, fleet = surroundings.plan, surroundings.site, surroundings.fleet
    targets: dict[str, Target] = dict(fleet.targets)
    with recorded(site, plan, clock, output, reason) as record:
        teller = Teller(record.run, clock, record.recorder.emit)
        holder = Holder(record.run, record.who, plan.kind, record.started)
        jobs = Jobs(targets, surroundings, holder, site.environment, teller)
        driver = Driver(plan, tuple(targets), jobs, teller, site.settings.parallel)
        surroundings.terms = Terms(
            tell=lambda host, step, event, _: teller.progress(host, "stage", step, _STAGED.get(event, event)),
            stopped=lambda: driver.interrupted,
        )
        with interruptible(driver, record):
            summary = driver.run()
            outcome = summary.outcome
            if reason and outcome in (Outcome.COMMITTED, Outcome.UNCHANGED):
                outcome = Outcome.PARTIAL  # the hosts that were left out have not converged
            return record.end(stamp(clock), outcome, summary.problems, fleet.requests(), surroundings.checks)


@contextmanager
def interruptible(driver: Driver, record: RunRecord) -> Iterator[None]:
    """Ctrl-C or SIGTERM once: nothing new begins. Twice: the controller leaves at once, the hosts settle."""
    seen = 0

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        nonlocal seen
        seen += 1
        if seen > 1:
            record.leave(SECOND_INTERRUPT)
            os._exit(int(Exit.INTERRUPTED))
        driver.interrupt()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
