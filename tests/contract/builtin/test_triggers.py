"""The settling task's triggers: never off while something is open."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.sandbox.engines.builtin.layout import TASK_PATH, Layout
from tests.contract.connection import step
from tests.contract.host_half import ROOT
from tests.contract.simulated_host import SimulatedHost, simulated_host
from tests.contract.waiting import until


@pytest.fixture
def host(tmp_path: Path) -> Iterator[SimulatedHost]:
    host = simulated_host(tmp_path / "host")
    yield host
    host.close()


def enabled(host: SimulatedHost) -> bool:
    task = host.kernel.task(TASK_PATH)
    assert task is not None
    return task["enabled"]


ENSURE = step("dir.ensure", path=rf"{ROOT}\data", acl=None)


def test_whoever_takes_the_lock_switches_them_on_again(host: SimulatedHost) -> None:
    """And starts an instance: one that came by meanwhile has left."""
    first = host.holder()
    host.machine.faults.arm({"kind": "kill-executor", "label": "begun"})
    first.must("tx.submit", {"tx": "t", "steps": [ENSURE], "await_s": 30, "follow": False})
    until(lambda: max(host.machine.faults.reached, default=(0, "")) > (0, "begun"))
    until(lambda: not host.machine.processes.all("executor"))
    host.kernel.task_enable(TASK_PATH, False)
    first.close()
    second = host.worker()
    second.lock("run-2")
    until(lambda: second.must("tx.read", {"tx": "t", "after": 0})["outcome"] == "undone")
    until(lambda: not enabled(host))


def test_a_submission_is_never_left_with_them_off(host: SimulatedHost) -> None:
    """An executor that is just ending can't switch them off between the submission's enabling and its journal."""
    worker = host.holder()
    faults = host.machine.faults
    faults.arm({"kind": "slow", "label": "enabled", "seconds": 2})
    faults.arm({"kind": "kill-worker", "label": "submit"})
    worker.send("tx.submit", {"tx": "t", "steps": [ENSURE], "await_s": 30})
    until(lambda: "enabled" in [label for _, label in faults.reached])
    host.settle()
    until(lambda: worker.process.poll() is not None)
    assert enabled(host)
    host.settle()
    assert host.worker().must("tx.read", {"tx": "t", "after": 0})["outcome"] == "committed"


def test_a_submission_waits_for_an_executor_that_is_ending(host: SimulatedHost) -> None:
    worker = host.holder()
    host.machine.faults.arm({"kind": "slow", "label": "disabled", "seconds": 1})
    host.kernel.task_enable(TASK_PATH, True)
    host.machine.schedule.fire()
    until(lambda: "disabled" in [label for _, label in host.machine.faults.reached])
    assert worker.must("tx.submit", {"tx": "t", "steps": [ENSURE], "await_s": 30})["outcome"] == "committed"


def test_promise_10_one_that_only_a_person_can_end_does_not_keep_them_on(host: SimulatedHost) -> None:
    worker = host.holder()
    worker.must("tx.submit", {"tx": "t", "steps": [ENSURE], "await_s": 30})
    host.settled()
    journal = host.path(rf"{ROOT}\state\transactions\t.journal")
    content = bytearray(journal.read_bytes())
    content[40] ^= 1
    journal.write_bytes(content)
    host.kernel.task_enable(TASK_PATH, True)
    host.settle()
    assert not enabled(host)
    host.kernel.task_delete(TASK_PATH)
    worker.apply(step("executor.install"))
    assert not enabled(host)


def test_an_executor_that_finds_another_at_work_leaves_at_once(host: SimulatedHost) -> None:
    host.holder()
    assert host.kernel.mutex_try(Layout(ROOT).executor_mutex)
    host.kernel.task_enable(TASK_PATH, True)
    host.settle()
    assert enabled(host), "it did nothing"
    host.kernel.mutex_release(Layout(ROOT).executor_mutex)
    host.settle()
    assert not enabled(host)


def test_installing_does_not_switch_them_off_while_something_is_open(host: SimulatedHost) -> None:
    worker = host.worker()
    worker.lock()
    worker.apply(step("executor.install"))
    host.machine.faults.arm({"kind": "kill-executor", "label": "begun"})
    ensure = step("dir.ensure", path=rf"{ROOT}\data", acl=None)
    worker.must("tx.submit", {"tx": "t", "steps": [ensure], "await_s": 30, "follow": False})
    until(lambda: not host.machine.processes.all("executor") and host.machine.faults.reached)
    task = host.kernel.task(TASK_PATH)
    assert task is not None
    host.kernel.task_put({**task, "arguments": "changed by hand"})
    worker.apply(step("executor.install"))
    assert enabled(host)
    assert worker.ask("apply", {"steps": [step("executor.remove")]}).code == "transaction-open"
    host.settle()
    assert worker.must("tx.read", {"tx": "t", "after": 0})["outcome"] == "undone"
