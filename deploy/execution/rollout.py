"""Transitions of the cutover and of the way back."""

from dataclasses import replace

from deploy.execution.finishing import unlock, verify
from deploy.execution.happening import ConvergencePlanned, PlanConvergence, Transact, Transacted
from deploy.execution.state import End, RunState
from deploy.execution.turn import Turn, answered, batches, in_domains
from deploy.model.plan import HostWave


def cut_over(state: RunState) -> Turn:
    return next_batch(replace(state, phase="cutover", queue=batches(state.plan.waves)))


def next_batch(state: RunState) -> Turn:
    if not state.queue or (state.interrupted and state.phase == "cutover"):
        return after_batches(state)
    (wave, items), *rest = state.queue
    hosts = frozenset(item.host for item in items)
    state = replace(state, queue=tuple(rest), running=items, wave=wave, awaited=hosts)
    return state, (Transact(items, converging=state.phase == "converging"),)


def transacted(state: RunState, event: Transacted) -> Turn:
    item = next(item for item in state.running if item.host == event.host)
    end = (End(item, event.ended),)
    state = answered(state, event.host, event.problem)
    if state.phase == "converging":
        state = replace(state, way_back=state.way_back + end)
        return (state, ()) if state.awaited else next_batch(state)
    state = replace(state, ends=state.ends + end, failed=state.failed or event.ended != "committed")
    if state.awaited:
        return state, ()
    return after_batches(replace(state, queue=())) if must_stop(state) else next_batch(state)


def must_stop(state: RunState) -> bool:
    """A stuck or lost host always stops the rollout; a host that undid itself does beyond the wave's tolerance."""
    if any(end.ended not in ("committed", "undone", "dropped") for end in state.ends):
        return True
    wave = state.wave
    failures = sum(1 for end in state.ends if end.ended != "committed" and wave and end.item.wave == wave.number)
    return failures > (wave.max_failures if wave else 0)


def after_batches(state: RunState) -> Turn:
    if state.phase == "converging":
        return verify(replace(state, converged=True))
    stopped = state.failed and must_stop(state)
    taken_back = of_failed_domains(state) if stopped else ()
    if taken_back:
        # An interrupt does not leave a failure domain on two releases: its way back is part of the failure.
        return replace(state, phase="planning-convergence"), (PlanConvergence(taken_back),)
    return unlock(state) if state.interrupted else verify(state)


def of_failed_domains(state: RunState) -> tuple[HostWave, ...]:
    domain_of = {wave.number: wave.failure_domain for wave in state.plan.waves}
    return in_domains(state, frozenset(domain_of[end.item.wave] for end in state.ends if end.ended != "committed"))


def convergence_planned(state: RunState, event: ConvergencePlanned) -> Turn:
    # What can be brought back is, whatever else can't: the run then ends with a human.
    state = replace(state, problems=state.problems + event.problems, unverified=bool(event.problems))
    return next_batch(replace(state, phase="converging", queue=batches(event.waves)))
