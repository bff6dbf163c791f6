"""The pure machine: every answer that the world can give, and what must hold whatever it gives."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.execution.happening import (
    AskCalendar,
    Begin,
    CalendarAnswered,
    Close,
    Closed,
    Command,
    ConvergencePlanned,
    Happening,
    Interrupt,
    Lock,
    Locked,
    PlanConvergence,
    Recheck,
    Rechecked,
    Stage,
    Staged,
    Transact,
    Transacted,
    Unlock,
    Unlocked,
    Verified,
    Verify,
)
from deploy.execution.machine import InvalidTransition, advance
from deploy.execution.state import RunState
from deploy.model.plan import HostPlan, HostWave, Move, Plan, Wave
from deploy.model.problem import Problem
from deploy.model.run import EXIT_OF, Exit, Outcome
from deploy.model.step import Step

HOSTS = ("a", "b", "c")
STEP = Step("s", "dir.ensure", {}, "because")


def item(host: str, wave: int, service: str) -> HostWave:
    return HostWave(host, wave, (STEP,), (Move(service, "1", "2"),))


def plan(max_failures: int = 0) -> Plan:
    """Data Capture on three hosts in two batches, Order Manager on one, the gateway in a domain of its own."""
    return Plan(
        kind="deploy",
        environment="dev",
        release="2",
        previous="1",
        hosts=tuple(HostPlan(host, (STEP,), (STEP,)) for host in HOSTS),
        waves=(
            Wave(
                1, ("dc",), "trading", ((item("a", 1, "dc"),), (item("b", 1, "dc"), item("c", 1, "dc"))), max_failures
            ),
            Wave(2, ("om",), "trading", ((item("a", 2, "om"),),)),
            Wave(3, ("gw",), "gateway", ((item("c", 3, "gw"),),)),
        ),
        refusals=(),
        warnings=(),
        hash="h",
    )


Answer = Callable[[Command], tuple[Happening, ...]]


def well(command: Command) -> tuple[Happening, ...]:  # one answer per command
    match command:
        case Lock(hosts):
            return tuple(Locked(host) for host in hosts)
        case Recheck():
            return (Rechecked("h"),)
        case Stage(hosts):
            return tuple(Staged(host.host) for host in hosts)
        case AskCalendar():
            return (CalendarAnswered(),)
        case Transact(items):
            return tuple(Transacted(item.host, "committed") for item in items)
        case PlanConvergence(committed):
            back = tuple(Wave(n, (), "", ((one,),)) for n, one in enumerate(reversed(committed)))
            return (ConvergencePlanned(back),)
        case Verify():
            return (Verified(),)
        case Close(hosts):
            return tuple(Closed(host.host) for host in hosts)
        case Unlock(hosts):
            return tuple(Unlocked(host) for host in hosts)


def drive(answer: Answer, the_plan: Plan | None = None) -> tuple[RunState, list[Command]]:
    """Runs the machine against a world; gives the last state and every command in order."""
    state = RunState(the_plan or plan(), HOSTS)
    told: list[Command] = []
    events: list[Happening] = [Begin()]
    while events:
        state, commands = advance(state, events.pop(0))
        told.extend(commands)
        for command in commands:
            events.extend(answer(command))
    return state, told


def failing(host: str, wave: int, how: str) -> Answer:
    def answer(command: Command) -> tuple[Happening, ...]:
        if isinstance(command, Transact) and not command.converging:
            return tuple(
                Transacted(one.host, how if (one.host, one.wave) == (host, wave) else "committed")  # type: ignore[arg-type]
                for one in command.items
            )
        return well(command)

    return answer


def test_a_deploy_that_goes_well_does_each_thing_once_in_order() -> None:
    state, told = drive(well)
    assert [type(command).__name__ for command in told] == [
        *("Lock", "Recheck", "Stage", "AskCalendar"),
        *("Transact",) * 4,
        *("Verify", "Close", "Unlock"),
    ]
    assert (state.phase, state.outcome) == ("ended", Outcome.COMMITTED)


def test_a_lock_that_is_refused_touches_nothing() -> None:
    def answer(command: Command) -> tuple[Happening, ...]:
        if isinstance(command, Lock):
            return (Locked("a"), Locked("b", Problem("locked", "b", "someone")), Locked("c"))
        return well(command)

    state, told = drive(answer)
    assert [type(command) for command in told] == [Lock, Unlock]
    assert told[-1] == Unlock(("a", "c"))
    assert state.outcome is Outcome.REFUSED


def test_promise_4_a_plan_that_changed_under_the_lock_is_refused() -> None:
    state, told = drive(lambda command: (Rechecked("other"),) if isinstance(command, Recheck) else well(command))
    assert not any(isinstance(command, Stage | Transact) for command in told)
    assert state.outcome is Outcome.REFUSED
    assert state.problems[0].code == "plan-changed"


def test_staging_that_fails_on_one_host_cuts_over_none() -> None:
    def answer(command: Command) -> tuple[Happening, ...]:
        if isinstance(command, Stage):
            return (Staged("a"), Staged("b", Problem("disk-full", "b", "no space")), Staged("c"))
        return well(command)

    state, told = drive(answer)
    assert not any(isinstance(command, Transact) for command in told)
    assert (state.outcome, EXIT_OF[state.outcome]) == (Outcome.UNDONE, Exit.FAILED)


def test_promise_3_an_undone_host_stops_the_rollout_and_its_domain_goes_back() -> None:
    state, told = drive(failing("b", 1, "undone"))
    back = next(command for command in told if isinstance(command, PlanConvergence))
    assert [(one.host, one.wave) for one in back.committed] == [("a", 1), ("c", 1)]
    assert not any(one.wave > 1 for command in told if isinstance(command, Transact) for one in command.items)
    assert state.outcome is Outcome.UNDONE
    assert Verify(HOSTS, frozenset()) in told


def test_a_failed_gateway_leaves_trading_on_the_new_release() -> None:
    state, told = drive(failing("c", 3, "undone"))
    assert not any(isinstance(command, PlanConvergence) for command in told)
    assert Verify(HOSTS, frozenset({("a", "dc"), ("b", "dc"), ("c", "dc"), ("a", "om")})) in told
    assert state.outcome is Outcome.PARTIAL


def test_of_two_gateways_the_good_one_goes_back_and_is_expected_to_run_the_old_release() -> None:
    gateways = Wave(3, ("gw",), "gateway", ((item("b", 3, "gw"),), (item("c", 3, "gw"),)))
    two = replace(plan(), waves=(*plan().waves[:2], gateways))
    state, told = drive(failing("c", 3, "undone"), two)
    assert [one.host for command in told if isinstance(command, PlanConvergence) for one in command.committed] == ["b"]
    assert told[-2] == Verify(HOSTS, frozenset({("a", "dc"), ("b", "dc"), ("c", "dc"), ("a", "om")}))
    assert state.outcome is Outcome.PARTIAL


def test_tolerated_failures_do_not_stop_the_rollout() -> None:
    state, told = drive(failing("b", 1, "undone"), plan(max_failures=1))
    assert sum(len(command.items) for command in told if isinstance(command, Transact)) == 5
    assert state.outcome is Outcome.PARTIAL


@pytest.mark.parametrize(
    ("how", "outcome"), [("stuck", Outcome.STUCK), ("unreadable", Outcome.STUCK), ("lost", Outcome.UNKNOWN)]
)
def test_a_host_that_nobody_can_vouch_for_always_stops_the_rollout(how: str, outcome: Outcome) -> None:
    state, told = drive(failing("a", 2, how), plan(max_failures=9))
    assert not any(one.wave == 3 for command in told if isinstance(command, Transact) for one in command.items)
    assert state.outcome is outcome


def test_checks_that_fail_take_their_failure_domain_back() -> None:
    def answer(command: Command) -> tuple[Happening, ...]:
        if isinstance(command, Verify) and ("a", "om") in command.new:
            return (Verified((Problem("check-failed", "b", "runs 1, not 2"),), frozenset({"trading"})),)
        return well(command)

    state, told = drive(answer)
    back = next(command for command in told if isinstance(command, PlanConvergence))
    assert len(back.committed) == 4
    assert not any(isinstance(command, Close) for command in told)
    assert state.outcome is Outcome.PARTIAL


def test_what_nobody_can_tell_takes_nothing_back() -> None:
    def answer(command: Command) -> tuple[Happening, ...]:
        if isinstance(command, Verify):
            return (Verified((Problem("check-failed", "b", "did not answer"),)),)
        return well(command)

    state, told = drive(answer)
    assert not any(isinstance(command, PlanConvergence | Close) for command in told)
    assert (state.outcome, EXIT_OF[state.outcome]) == (Outcome.UNKNOWN, Exit.UNKNOWN)


def test_market_hours_that_began_while_staging_keep_the_cutover_from_beginning() -> None:
    def answer(command: Command) -> tuple[Happening, ...]:
        if isinstance(command, AskCalendar):
            return (CalendarAnswered((Problem("market-open", "prod", "it opened at 09:00"),)),)
        return well(command)

    state, told = drive(answer)
    assert not any(isinstance(command, Transact) for command in told)
    assert state.outcome is Outcome.REFUSED


def test_an_interrupt_does_not_leave_a_failed_domain_on_two_releases() -> None:
    def answer(command: Command) -> tuple[Happening, ...]:
        told = failing("b", 1, "undone")(command)
        second = isinstance(command, Transact) and command.items[0].host == "b"
        return (*told, Interrupt()) if second else told

    state, told = drive(answer)
    assert any(isinstance(command, PlanConvergence) for command in told)
    assert state.outcome is Outcome.INTERRUPTED


def test_a_way_back_that_cannot_be_verified_needs_a_human() -> None:
    def answer(command: Command) -> tuple[Happening, ...]:
        if isinstance(command, Verify):
            return (Verified((Problem("check-failed", "b", "x"),), frozenset({"trading"})),)
        return failing("b", 1, "undone")(command)

    assert drive(answer)[0].outcome is Outcome.STUCK


def test_an_interrupt_lets_running_transactions_end_and_begins_nothing() -> None:
    state: RunState = RunState(plan(), HOSTS)
    told: list[Command] = []
    events: list[Happening] = [Begin()]
    while events:
        state, commands = advance(state, events.pop(0))
        told.extend(commands)
        for command in commands:
            if isinstance(command, Transact):
                events.append(Interrupt())
            events.extend(well(command))
    assert sum(isinstance(command, Transact) for command in told) == 1
    assert isinstance(told[-1], Unlock)
    assert (state.phase, state.outcome) == ("ended", Outcome.INTERRUPTED)


def test_an_event_that_nobody_expects_names_phase_and_what_is_allowed() -> None:
    with pytest.raises(InvalidTransition, match=r"^Staged while new; allowed: Begin$"):
        advance(RunState(plan(), HOSTS), Staged("a"))


def test_what_cannot_be_taken_back_does_not_keep_the_rest_from_it() -> None:
    def answer(command: Command) -> tuple[Happening, ...]:
        if isinstance(command, PlanConvergence):
            (planned,) = well(command)
            assert isinstance(planned, ConvergencePlanned)
            return (ConvergencePlanned(planned.waves, (Problem("revision-missing", "c", "gone"),)),)
        return failing("b", 1, "undone")(command)

    state, _ = drive(answer)
    assert [end.item.host for end in state.way_back] == ["c", "a"]
    assert state.outcome is Outcome.STUCK


ENDS = st.sampled_from(["committed", "undone", "dropped", "stuck", "unreadable", "lost"])


@given(ends=st.lists(ENDS, min_size=40, max_size=40), failing_check=st.booleans(), tolerance=st.integers(0, 3))
def test_whatever_hosts_answer_the_run_ends_unlocked_and_says_so(
    ends: list[str], failing_check: bool, tolerance: int
) -> None:
    script = iter(ends)

    def answer(command: Command) -> tuple[Happening, ...]:
        if isinstance(command, Transact):
            return tuple(Transacted(one.host, next(script)) for one in command.items)  # type: ignore[arg-type]
        if isinstance(command, Verify) and failing_check:
            return (Verified((Problem("check-failed", "a", "x"),), frozenset({"trading"})),)
        return well(command)

    state, told = drive(answer, plan(tolerance))
    assert state.phase == "ended"
    assert told[-1] == Unlock(HOSTS)
    bad = {end.ended for end in state.ends + state.way_back} - {"committed"}
    if not bad and not failing_check:
        assert state.outcome is Outcome.COMMITTED
    if bad & {"stuck", "unreadable"}:
        assert EXIT_OF[state.outcome] is Exit.HUMAN
    if bad or failing_check:
        assert EXIT_OF[state.outcome] is not Exit.OK
        assert not any(isinstance(command, Close) for command in told) or state.outcome is Outcome.COMMITTED
