"""What is asked of one host before anything is changed on it: machine, clock, space, open transactions."""

import math

from deploy.model.catalogue import HostMinima
from deploy.model.facts import HostFacts, System
from deploy.model.problem import Problem
from deploy.model.step import Step

ARCHIVE_FACTOR = 2.5
"""An archive takes its own size in the cache, and more unpacked."""
MB = 1024 * 1024


def host_problems(
    facts: HostFacts,
    minima: HostMinima,
    steps: tuple[Step, ...],
    asked_at: tuple[float, float] | None,
    environment: str,
) -> tuple[Problem, ...]:
    """Refusals for a deploy on this host. `asked_at`: controller's UTC epoch in s before and after its answer."""
    return (
        *_machine(facts.host, facts.system, minima),
        *_clock(facts, minima, asked_at),
        *_disk(facts, minima, steps),
        *open_transactions(facts, environment),
    )


def open_transactions(facts: HostFacts, environment: str) -> tuple[Problem, ...]:
    """One refusal for each transaction that has not ended."""
    return tuple(
        Problem(
            "transaction-open",
            facts.host,
            f"transaction {item.tx} of run {item.run} is {item.state}"
            + (f" at {item.step}" if item.step else "")
            + _holder(facts),
            "no open transaction",
            f"it settles by itself: invoke status --env {environment}; stuck: docs/recovery.md",
        )
        for item in facts.transactions
    )


def _holder(facts: HostFacts) -> str:
    """Who works on the host now, as its lock has it; "" when nobody does."""
    return f"; the lock is held by {facts.lock.get('who')}" if facts.lock_held and facts.lock else ""


def warnings(facts: HostFacts) -> tuple[Problem, ...]:
    """What an operator should know, though it stops nothing."""
    if not facts.system.pending_reboot:
        return ()
    return (Problem("pending-reboot", facts.host, "Windows waits for a reboot", "", "reboot the host in a quiet hour"),)


def _machine(host: str, system: System, minima: HostMinima) -> tuple[Problem, ...]:
    asked = (
        ("os-build", system.build >= minima.os_build, f"Windows build {system.build}", f"at least {minima.os_build}"),
        ("cores", system.cores >= minima.cores, f"{system.cores} cores", f"at least {minima.cores}"),
        ("memory", system.memory_mb >= minima.memory_mb, f"{system.memory_mb} MB", f"at least {minima.memory_mb} MB"),
        (
            "language-mode",
            system.language_mode == "FullLanguage",
            f"PowerShell runs in {system.language_mode}",
            "FullLanguage",
        ),
        ("not-elevated", system.elevated, f"{system.user} is not elevated", "an elevated administrator"),
    )
    next_step = "change the host, or the minima in inventories/system.toml"
    return tuple(Problem(code, host, what, expected, next_step) for code, ok, what, expected in asked if not ok)


def _clock(facts: HostFacts, minima: HostMinima, asked_at: tuple[float, float] | None) -> tuple[Problem, ...]:
    if asked_at is None:
        return ()
    before, after = asked_at
    skew_s = max(before - facts.system.time_utc, facts.system.time_utc - after, 0.0)
    if skew_s <= minima.clock_skew_s:
        return ()
    what = f"its clock is {skew_s:.1f} s away from the controller's"
    return (Problem("clock-skew", facts.host, what, f"at most {minima.clock_skew_s:g} s", "w32tm /resync on the host"),)


def _disk(facts: HostFacts, minima: HostMinima, steps: tuple[Step, ...]) -> tuple[Problem, ...]:
    sizes = sum(step.args["size"] for step in steps if step.verb in {"file.fetch", "file.put"})
    needed_mb = max(minima.disk_free_mb, math.ceil(sizes * ARCHIVE_FACTOR / MB))
    free_mb = facts.system.disk_free_mb
    if free_mb >= needed_mb:
        return ()
    return (Problem("disk-space", facts.host, f"{free_mb} MB free", f"at least {needed_mb} MB", "free space on it"),)
