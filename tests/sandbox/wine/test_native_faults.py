"""A host that is hit in the middle of the cutover of a real .NET service: what becomes of it, seen from outside."""

import time
from collections.abc import Callable

import pytest

from tests.sandbox.wine.conftest import DISK_MB
from tests.sandbox.wine.native_site import CAPTURE, ON_ONE, ONE, ORDERS, NativeSite, Place, Serving, versions

PATIENCE_S = 90.0
"""Promise 2: within this after the boot, beside the services' own deadlines."""
CHANGING = 1
"""Step of Data Capture's transaction: it is stopped, its registration is being changed."""


def until(condition: Callable[[], bool], what: str) -> None:
    """Waits for a condition; fails by name when it does not come true."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S:.0f} s: {what}"
        time.sleep(0.1)


def folders(serving: dict[Place, Serving]) -> list[str]:
    """What the registrations name."""
    return [serving[place].folder for place in ON_ONE]


def test_promise_2_a_host_whose_power_is_cut_in_mid_cutover_settles_by_itself(
    native: NativeSite, before: dict[Place, Serving]
) -> None:
    native.fault(ONE, "power-off", step=CHANGING)
    deploy = native.start_deploy(native.build())
    until(lambda: not native.powered(ONE), "the power goes")
    deploy.kill()  # nobody will come back to ask
    deploy.communicate()
    assert native.outcomes(ONE)[-1] == "running"
    assert native.processes(ONE, CAPTURE) == native.processes(ONE, ORDERS) == 0

    native.power(ONE, on=True)
    until(lambda: native.outcomes(ONE)[-1] == "undone", "the host settles by its start-up trigger")
    until(native.answering, "the old release serves")
    assert folders(native.serving()) == folders(before)
    assert native.processes(ONE, CAPTURE) == native.processes(ONE, ORDERS) == 1


def test_promise_2_what_an_executor_has_begun_when_it_dies_is_undone(
    native: NativeSite, before: dict[Place, Serving]
) -> None:
    native.fire_tasks_every(5)
    native.fault(ONE, "kill-executor", step=CHANGING)
    native.deploy(native.build(), code=3)
    assert native.outcomes(ONE)[-1] == "undone"
    assert folders(native.serving()) == folders(before)
    assert native.processes(ONE, ORDERS) == 1


def test_a_full_disk_is_refused_before_any_outage_and_a_worker_that_dies_stops_nothing(
    native: NativeSite, before: dict[Place, Serving]
) -> None:
    if not DISK_MB:
        pytest.skip("only root can mount a data disk")
    new = native.build()
    native.fault(ONE, "fill-disk")
    said = native.deploy(new, code=3).stdout
    assert "free space on the host's disk" in said  # what disk-full says to do next
    assert "cutover" not in said
    assert native.serving() == before  # the same processes

    native.mend(ONE)
    native.fault(ONE, "kill-worker", step=CHANGING)
    native.deploy(new)
    assert native.waiting_faults(ONE) == []
    assert native.outcomes(ONE)[-2:] == ["committed", "committed"]
    assert versions(native.serving()) == {new}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--kind", "hang", "--step", "1"), "does not stand still"),
        (("--kind", "clock", "--seconds", "60"), "the time of the computer"),
        (("--kind", "kill-executor", "--step", "acted:1"), "what journals tell"),
        (("--kind", "kill-service", "--service", "nosuch"), "no process to kill"),
    ],
)
def test_a_fault_that_can_t_be_had_is_refused_with_the_reason(
    native: NativeSite, words: tuple[str, ...], said: str
) -> None:
    answer = native.run("sandbox.fault", "--host", ONE, *words, code=2)
    assert said in answer.stdout + answer.stderr
