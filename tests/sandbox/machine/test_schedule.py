"""Scheduled tasks really run."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.sandbox.machine.kernel import KernelError, Task
from deploy.sandbox.machine.machine import Machine
from tests.sandbox.machine.conftest import until

TASK = Task(path=r"\TradingSystem\Settle", command=r"C:\powershell.exe", arguments="-File x", enabled=True)


@pytest.fixture
def runs() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def machine(runs: list[tuple[str, str]], tmp_path: Path) -> Iterator[Machine]:
    def launch(command: str, arguments: str) -> "subprocess.Popen[bytes]":
        runs.append((command, arguments))
        if arguments == "none":
            raise LookupError("no such program")
        return subprocess.Popen([sys.executable, "-S", "-c", ""], start_new_session=True)

    machine = Machine(tmp_path / "host", "TASKS", "127.0.77.210", launch=launch)
    machine.power_on()
    yield machine
    machine.close()


def test_the_trigger_fires_while_it_is_enabled(machine: Machine, runs: list[tuple[str, str]]) -> None:
    machine.kernel.task_put(TASK)
    machine.schedule.interval_s = 0.02
    until(lambda: len(runs) >= 2)
    machine.kernel.task_enable(TASK["path"], enabled=False)
    assert set(runs) == {(r"C:\powershell.exe", "-File x")}
    with pytest.raises(KernelError) as caught:
        machine.kernel.task_run(TASK["path"])
    assert caught.value.code == 0x80041326


def test_start_up_runs_enabled_tasks(machine: Machine, runs: list[tuple[str, str]]) -> None:
    machine.kernel.task_put(TASK)
    machine.kernel.task_put({**TASK, "path": r"\Other", "enabled": False})
    machine.reboot()
    assert len(runs) == 1


def test_run_gives_the_process(machine: Machine) -> None:
    machine.kernel.task_put(TASK)
    pid = machine.kernel.task_run(TASK["path"])
    assert pid > 0
    until(lambda: machine.kernel.process(pid) is None)


def test_missing_tasks_and_programs(machine: Machine) -> None:
    machine.kernel.task_put({**TASK, "arguments": "none"})
    for path in (TASK["path"], r"\nothing"):
        with pytest.raises(KernelError) as caught:
            machine.kernel.task_run(path)
        assert caught.value.code == 2
    machine.kernel.task_delete(TASK["path"])
    machine.kernel.task_delete(TASK["path"])
    assert machine.kernel.task(TASK["path"]) is None
