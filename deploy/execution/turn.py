"""What every transition of the machine is made of."""

from dataclasses import replace

from deploy.execution.happening import Command
from deploy.execution.state import RunState
from deploy.model.plan import HostWave, Wave
from deploy.model.problem import Problem

Turn = tuple[RunState, tuple[Command, ...]]


def answered(state: RunState, host: str, problem: Problem | None) -> RunState:
    problems = (*state.problems, problem) if problem else state.problems
    return replace(state, awaited=state.awaited - {host}, problems=problems)


def batches(waves: tuple[Wave, ...]) -> tuple[tuple[Wave, tuple[HostWave, ...]], ...]:
    return tuple((wave, batch) for wave in waves for batch in wave.batches if batch)


def in_domains(state: RunState, domains: frozenset[str]) -> tuple[HostWave, ...]:
    numbers = {wave.number for wave in state.plan.waves if wave.failure_domain in domains}
    return tuple(item for item in state.committed if item.wave in numbers)
