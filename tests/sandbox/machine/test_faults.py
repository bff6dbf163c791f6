"""Faults at checkpoints, with real processes reaching them."""

import subprocess
import sys
import threading
from typing import Any

import pytest

from deploy.sandbox.machine.kernel import KernelError
from deploy.sandbox.machine.processes import Role
from tests.sandbox.machine.conftest import Bench, until

CALLER = (
    "import sys; from pathlib import Path; from deploy.sandbox.machine.client import KernelClient as C;"
    "k = C(Path(sys.argv[1])); sys.stdin.readline(); [k.checkpoint(l) for l in sys.argv[2:]]"
)


def caller(bench: Bench, role: Role, *labels: str) -> "subprocess.Popen[bytes]":
    """A process of the machine that goes through checkpoints."""
    argv = [sys.executable, "-c", CALLER, str(bench.folder), *labels]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    bench.machine.register_process(process.pid, r"C:\powershell.exe", role)
    assert process.stdin is not None
    process.stdin.write(b"\n")
    process.stdin.close()
    return process


def test_the_executor_dies_exactly_where_it_was_aimed(bench: Bench) -> None:
    bench.machine.faults.arm({"kind": "kill-executor", "label": "acted:1"})
    process = caller(bench, "executor", "before:0", "done:0", "before:1", "acted:1", "done:1")
    assert process.wait(10) == -9
    assert [label for _, label in bench.machine.faults.reached] == ["before:0", "done:0", "before:1", "acted:1"]
    assert bench.machine.faults.armed.as_json() == []


def test_the_worker_dies_while_the_executor_goes_on(bench: Bench) -> None:
    worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    bench.machine.register_process(worker.pid, r"C:\powershell.exe", "worker")
    bench.machine.faults.arm({"kind": "kill-worker", "step": 1})
    assert caller(bench, "executor", "before:0", "before:1", "done:1").wait(10) == 0
    assert worker.wait(10) == -9


def test_hang_until_cleared(bench: Bench) -> None:
    bench.machine.faults.arm({"kind": "hang", "label": "before:0"})
    process = caller(bench, "executor", "before:0")
    until(lambda: bench.machine.faults.reached)
    assert process.poll() is None
    bench.machine.faults.clear()
    assert process.wait(10) == 0


def test_power_off_at_a_checkpoint(bench: Bench) -> None:
    bench.machine.faults.arm({"kind": "power-off", "label": "done:0"})
    assert caller(bench, "executor", "before:0", "done:0", "never").wait(10) == -9
    until(lambda: not bench.machine.powered)


def test_a_full_disk(bench: Bench) -> None:
    bench.machine.faults.arm({"kind": "fill-disk", "label": "before:1"})
    bench.kernel.checkpoint("before:0")
    for label in ("before:1", "before:2", "submit"):
        with pytest.raises(KernelError) as caught:
            bench.kernel.checkpoint(label)
        assert caught.value.code == 112
    bench.kernel.checkpoint("undo:1")
    assert bench.kernel.system()["disk_free_mb"] == 0
    bench.machine.faults.clear()
    bench.kernel.checkpoint("before:2")
    assert bench.kernel.system()["disk_free_mb"] > 0


def test_handlers_of_the_server_in_front(bench: Bench) -> None:
    called = threading.Event()
    bench.machine.faults.handlers["delete-shell"] = called.set
    bench.machine.faults.arm({"kind": "delete-shell", "label": "done:2", "times": 2})
    bench.kernel.checkpoint("done:2")
    assert called.is_set()
    assert len(bench.machine.faults.armed.as_json()) == 1


def test_the_clock_is_wrong(bench: Bench) -> None:
    right = bench.kernel.system()["time_utc"]
    bench.machine.faults.arm({"kind": "clock", "seconds": 3600})
    assert bench.kernel.system()["time_utc"] - right >= 3600


@pytest.mark.parametrize("bad", [{}, {"kind": "explode"}, {"kind": "kill-service"}, {"kind": "drop-connection"}])
def test_bad_faults_are_refused(bench: Bench, bad: dict[str, Any]) -> None:
    with pytest.raises(KernelError):
        bench.machine.faults.arm(bad)
