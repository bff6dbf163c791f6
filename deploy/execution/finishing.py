"""Transitions of the end: verification, the record, locks given back."""

from dataclasses import replace

from deploy.execution.happening import Close, Closed, PlanConvergence, Unlock, Unlocked, Verified, Verify
from deploy.execution.state import RunState
from deploy.execution.turn import Turn, answered, in_domains


def verify(state: RunState) -> Turn:
    return replace(state, phase="verifying"), (Verify(state.tellable, state.standing),)


def verified(state: RunState, event: Verified) -> Turn:
    state = replace(state, problems=state.problems + event.problems)
    taken_back = in_domains(state, event.failed_domains) if not state.converged else ()
    if taken_back:
        return replace(state, failed=True, phase="planning-convergence"), (PlanConvergence(taken_back),)
    if event.failed_domains:
        return unlock(replace(state, failed=True, unverified=True))
    if event.problems:
        return unlock(replace(state, untold=True))
    hosts = tuple(host for host in state.plan.hosts if host.closing)
    if state.failed or state.interrupted or not hosts:
        return unlock(state)
    awaited = frozenset(host.host for host in hosts)
    return replace(state, phase="closing", awaited=awaited), (Close(hosts),)


def closed(state: RunState, event: Closed) -> Turn:
    state = answered(state, event.host, event.problem)
    if event.problem:
        state = replace(state, failed=True)
    return (state, ()) if state.awaited else unlock(state)


def unlock(state: RunState) -> Turn:
    hosts = tuple(host for host in state.hosts if host in state.locked)
    if not hosts:
        return replace(state, phase="ended"), ()
    return replace(state, phase="unlocking", awaited=frozenset(hosts)), (Unlock(hosts),)


def unlocked(state: RunState, event: Unlocked) -> Turn:
    state = answered(state, event.host, None)
    return (state, ()) if state.awaited else (replace(state, phase="ended"), ())
