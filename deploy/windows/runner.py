"""Runs the preparation of several hosts inside this process, through pyinfra's own API."""

import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import gevent  # type: ignore[import-untyped]
from pyinfra.api import util
from pyinfra.api.config import Config
from pyinfra.api.connect import connect_all, disconnect_all
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.host import Host
from pyinfra.api.inventory import Inventory
from pyinfra.api.operations import run_ops
from pyinfra.api.state import State, StateStage
from pyinfra.context import ctx_config, ctx_host, ctx_state

from deploy.model.catalogue import HostMinima
from deploy.model.desired import DesiredHost
from deploy.model.plan import HostPlan
from deploy.model.problem import Problem
from deploy.windows.commands import ApplyCommand
from deploy.windows.connector import WindowsConnector
from deploy.windows.lent import lent
from deploy.windows.offload import release_threads
from deploy.windows.operations import given_steps
from deploy.windows.orders import KEY, Orders
from deploy.windows.preparation import prepare
from deploy.windows.target import WindowsTarget
from deploy.windows.terms import Terms

_ONE_AT_A_TIME = threading.Lock()
"""pyinfra keeps the current state in a global: two runs in one process would mix."""
Act = Callable[[Host], None]
_APPLY: Callable[..., Any] = given_steps.applied


@dataclass(frozen=True, slots=True)
class StageResult:
    """What became of one host. `changed`: ids of steps that changed something, or would; in order."""

    ok: bool
    changed: tuple[str, ...] = ()
    problem: Problem | None = None


def stage(
    root: str,
    plans: Sequence[HostPlan],
    desired: Mapping[str, DesiredHost],
    targets: Mapping[str, WindowsTarget],
    terms: Terms | None = None,
    minima: HostMinima | None = None,
    environment: str = "",
) -> dict[str, Problem | None]:
    """Prepares hosts over their run's targets, all at once; why each failed, or None.

    A host in `desired` passes preflight (when there are `minima`) and gets all its resources; any other's planned steps
    (a rollback's few) are applied as they are. A step that its plan does not have is not begun: its host fails.
    A host that fails does not stop the others. Blocks until all have ended.
    """
    planned = {plan.host: plan for plan in plans}

    def act(host: Host) -> None:
        if host.name in desired:
            prepare(desired[host.name], root, minima, environment)
        else:
            _APPLY(planned[host.name].stage)

    approved = {plan.host: frozenset(step.id for step in plan.stage) for plan in plans}
    results = run(tuple(planned), act, targets, terms or Terms(), approved)
    return {host: result.problem for host, result in results.items()}


def run(
    hosts: Sequence[str],
    act: Act,
    targets: Mapping[str, WindowsTarget],
    terms: Terms,
    approved: Mapping[str, Collection[str]] | None = None,
) -> dict[str, StageResult]:
    """Plans `act` on all hosts in parallel, and unless dry carries it out. Safe to interrupt; one run at a time.

    `approved`: host → ids of the only steps that may be begun there. Whoever lends the targets keeps them alive.
    """
    if not hosts:
        return {}
    _silence(logging.getLogger("pyinfra"))
    with _ONE_AT_A_TIME, lent(targets):
        # Caches of pyinfra that outlive a run would show a changed local file as unchanged.
        util.FILE_SHAS.clear()
        util.TEMPLATES.clear()
        names = [f"@tswinrm/{name}" for name in hosts]
        config = Config(TEMP_DIR=r"C:\Windows\Temp", PARALLEL=len(names))  # type: ignore[no-untyped-call]
        state = State(Inventory((names, {})), config)  # type: ignore[no-untyped-call]
        for host in state.inventory:
            host.connector_data[KEY] = Orders(
                terms.tell, terms.stopped, None if approved is None else approved[host.name]
            )
        try:
            _carry_out(state, act, terms.dry)
            return {host.name: _result(state, host, terms.dry) for host in state.inventory}
        finally:
            _leave(state)


def _carry_out(state: State, act: Act, dry: bool) -> None:
    """Connects, plans and executes; returns early when no host is left."""
    try:
        state.set_stage(StateStage.Connect)
        connect_all(state)
        with ctx_state.use(state):
            state.set_stage(StateStage.Prepare)
            hosts = list(state.inventory.get_active_hosts())
            # pyinfra itself would plan one host after the other.
            gevent.joinall([state.pool.spawn(_plan, state, host, act) for host in hosts], raise_error=True)
            if not dry:
                state.set_stage(StateStage.Execute)
                run_ops(state)
    except PyinfraError:
        if state.active_hosts:
            raise


def _plan(state: State, host: Host, act: Act) -> None:
    with ctx_config.use(state.config.copy()), ctx_host.use(host):
        act(host)


def _leave(state: State) -> None:
    """Ends what still runs, and forgets the state: `use` of a context does not when it is left by an exception."""
    state.pool.kill()
    ctx_host.reset()
    ctx_state.reset()
    disconnect_all(state)
    release_threads()


def _result(state: State, host: Host, dry: bool) -> StageResult:
    connector = cast(WindowsConnector, host.connector)
    failed = host in state.failed_hosts or host not in state.activated_hosts
    if dry and not failed:
        return StageResult(True, _planned(state, host))
    changed = tuple(step for step, changed in connector.results.items() if changed)
    if not failed:
        return StageResult(True, changed)
    unknown = Problem("failed", host.name, "the host failed, and did not say why", next="see the run's log")
    return StageResult(False, changed, connector.problem or unknown)


def _planned(state: State, host: Host) -> tuple[str, ...]:
    """Ids of the steps that would be carried out."""
    ids: dict[str, None] = {}
    with ctx_state.use(state), ctx_config.use(state.config.copy()), ctx_host.use(host):
        for op_hash in host.op_hash_order:
            for command in state.ops[host][op_hash].command_generator():
                ids[command.step.id if isinstance(command, ApplyCommand) else str(command)] = None
    return tuple(ids)


def _silence(logger: logging.Logger) -> None:
    """What pyinfra logs is told by `tell` and results; without a handler Python would print it."""
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
