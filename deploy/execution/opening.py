"""Transitions before anything is cut over: locks, the plan made again, staging, the calendar."""

from dataclasses import replace

from deploy.execution.finishing import unlock
from deploy.execution.happening import (
    AskCalendar,
    Begin,
    CalendarAnswered,
    Lock,
    Locked,
    Recheck,
    Rechecked,
    Stage,
    Staged,
)
from deploy.execution.rollout import cut_over
from deploy.execution.state import RunState
from deploy.execution.turn import Turn, answered
from deploy.model.plan import SHORT_HASH
from deploy.model.problem import Problem


def begin(state: RunState, _: Begin) -> Turn:
    return replace(state, phase="locking", awaited=frozenset(state.hosts)), (Lock(state.hosts),)


def locked(state: RunState, event: Locked) -> Turn:
    state = answered(state, event.host, event.problem)
    if event.problem is None:
        state = replace(state, locked=state.locked | {event.host})
    if state.awaited:
        return state, ()
    if state.problems:
        return unlock(replace(state, refused=True))
    if state.interrupted:
        return unlock(state)
    return replace(state, phase="rechecking"), (Recheck(),)


def rechecked(state: RunState, event: Rechecked) -> Turn:
    problems = event.problems
    if not problems and event.plan_hash != state.plan.hash:
        problems = (plan_changed(state, event.plan_hash),)
    if problems:
        return unlock(replace(state, refused=True, problems=state.problems + problems))
    if state.interrupted:
        return unlock(state)
    hosts = tuple(host for host in state.plan.hosts if host.stage)
    if not hosts:
        return ask_calendar(state)
    awaited = frozenset(host.host for host in hosts)
    return replace(state, phase="staging", awaited=awaited), (Stage(hosts),)


def staged(state: RunState, event: Staged) -> Turn:
    state = answered(state, event.host, event.problem)
    if state.awaited:
        return state, ()
    if state.problems:
        return unlock(replace(state, failed=True))
    return unlock(state) if state.interrupted else ask_calendar(state)


def ask_calendar(state: RunState) -> Turn:
    return replace(state, phase="asking-calendar"), (AskCalendar(),)


def calendar_answered(state: RunState, event: CalendarAnswered) -> Turn:
    if event.problems:
        return unlock(replace(state, refused=True, problems=state.problems + event.problems))
    return unlock(state) if state.interrupted else cut_over(state)


def plan_changed(state: RunState, plan_hash: str) -> Problem:
    return Problem(
        "plan-changed",
        state.plan.environment,
        f"the plan is now {plan_hash[:SHORT_HASH]}",
        f"the approved {state.plan.short_hash}",
        f"invoke plan --env {state.plan.environment}",
    )
