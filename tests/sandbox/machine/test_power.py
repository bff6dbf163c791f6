"""Power: what dies with it, what outlives it."""

import subprocess
import sys

import pytest

from deploy.sandbox.machine.client import KernelClient
from deploy.sandbox.machine.kernel import KernelError
from deploy.sandbox.machine.machine import Machine
from deploy.sandbox.machine.processes import alive
from tests.sandbox.machine.conftest import SERVICE, Bench, until

HOLDER = (
    "import sys; from pathlib import Path; from deploy.sandbox.machine.client import KernelClient as C;"
    "k = C(Path(sys.argv[1])); print(k.mutex_try('Global\\\\Try'), flush=True); {then}"
)


def holder(bench: Bench, then: str) -> "subprocess.Popen[bytes]":
    """A process of the machine that holds a mutex."""
    argv = [sys.executable, "-c", HOLDER.format(then=then), str(bench.folder)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"True\n"
    process.stdout.close()
    return process


def test_a_power_cut_kills_everything_and_automatic_services_come_back(bench: Bench) -> None:
    bench.register(bench.program(), start="auto")
    pid, boot = bench.run(), bench.kernel.system()["boot_id"]
    worker = holder(bench, "import time; time.sleep(600)")
    bench.machine.register_process(worker.pid, r"C:\Windows\powershell.exe", "worker")
    bench.machine.power_off()
    assert not alive(pid)
    assert not alive(worker.pid)
    worker.wait()
    with pytest.raises(KernelError) as caught:
        bench.kernel.services()
    assert caught.value.code == 21
    bench.machine.power_on()
    until(lambda: bench.runs_anew(pid))
    assert bench.kernel.system()["boot_id"] != boot
    assert not bench.kernel.mutex_taken("Global\\Try")


def test_the_state_survives_a_restart_of_the_sandbox(bench: Bench) -> None:
    bench.register(bench.program(), Environment=("REG_MULTI_SZ", ["A=1"]))
    rule = {"name": "TS-5050", "display_name": "x", "port": 5050, "remote": "any", "enabled": True}
    acl = {"inherit": False, "grants": [{"sid": "S-1-5-18", "rights": "full"}]}
    bench.kernel.rule_put(rule)
    bench.kernel.acl_set(r"C:\TradingSystem", acl)
    bench.kernel.task_put({"path": r"\T\S", "command": "c", "arguments": "a", "enabled": False})
    bench.machine.change_system(docker="24.0.7")
    before = bench.kernel.reg_get(rf"HKLM\SYSTEM\CurrentControlSet\Services\{SERVICE}")
    bench.machine.close()
    bench.machine = Machine(bench.folder, "TRY", bench.address)
    bench.machine.power_on()
    with KernelClient(bench.folder) as kernel:
        assert kernel.reg_get(rf"HKLM\SYSTEM\CurrentControlSet\Services\{SERVICE}") == before
        assert kernel.rule("ts-5050") == rule
        assert kernel.acl(r"c:\tradingsystem\data\x") == acl
        assert kernel.acl(r"C:\other") is None
        assert kernel.task(r"\t\s") == {"path": r"\T\S", "command": "c", "arguments": "a", "enabled": False}
        assert kernel.system()["docker"] == "24.0.7"


def test_a_mutex_falls_free_when_its_holder_is_killed(bench: Bench) -> None:
    process = holder(bench, "import time; time.sleep(600)")
    assert not bench.kernel.mutex_try("global\\try")
    assert bench.kernel.mutex_taken("Global\\Try")
    process.kill()
    process.wait()
    until(lambda: bench.kernel.mutex_try("Global\\Try"))
    assert bench.kernel.mutex_try("Global\\Try")
    bench.kernel.mutex_release("Global\\Try")
    assert not bench.kernel.mutex_taken("Global\\Try")


def test_without_power_nothing_is_registered(bench: Bench) -> None:
    bench.machine.power_off()
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with pytest.raises(KernelError):
        bench.machine.register_process(process.pid, "x", "worker")
    assert process.wait() == -9


def test_a_folder_with_a_long_path_has_a_kernel(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("x" * 120)
    machine = Machine(folder, "LONG", "127.0.77.200")
    machine.power_on()
    with KernelClient(folder) as kernel:
        assert kernel.system()["computer"] == "LONG"
    machine.close()


def test_delayed_services_start_after_the_others(bench: Bench) -> None:
    bench.register(bench.program(), start="delayed-auto")
    bench.machine.delayed_auto_s = 0.05
    bench.machine.reboot()
    assert bench.machine.booted.wait(5)
    assert bench.state() == "Stopped"
    until(lambda: bench.state() == "Running")


DAEMON = (
    "import sys, time; from pathlib import Path; from deploy.sandbox.machine.machine import Machine;"
    "Machine(Path(sys.argv[1]), 'TRY', sys.argv[2]).power_on(); print(flush=True); time.sleep(600)"
)


def test_nothing_outlives_a_killed_daemon(bench: Bench) -> None:
    bench.register(bench.program(), start="auto")
    bench.machine.close()
    daemon = subprocess.Popen([sys.executable, "-c", DAEMON, str(bench.folder), bench.address], stdout=subprocess.PIPE)
    assert daemon.stdout is not None
    daemon.stdout.readline()
    daemon.stdout.close()
    with KernelClient(bench.folder) as kernel:
        until(lambda: kernel.service_status(SERVICE)["state"] == "Running")  # type: ignore[index]
        status = kernel.service_status(SERVICE)
    assert status is not None
    assert alive(status["pid"])
    daemon.kill()
    daemon.wait()
    until(lambda: not alive(status["pid"]))
