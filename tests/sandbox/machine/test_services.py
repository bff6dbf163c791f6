"""The service control manager with real processes."""

import os
import signal

import pytest

from deploy.sandbox.machine.kernel import KernelError
from tests.sandbox.machine.conftest import SERVICE, Bench, failure_actions, until


def code_of(call: object, *arguments: object) -> int:
    with pytest.raises(KernelError) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value.code


def test_start_and_stop(bench: Bench) -> None:
    bench.register(bench.program())
    assert bench.kernel.service_status(SERVICE) == {"state": "Stopped", "pid": 0, "exit_code": 1077}
    pid = bench.run()
    process = bench.kernel.process(pid)
    assert process is not None
    assert process["image"] == r"C:\app\Try.exe"
    assert code_of(bench.kernel.service_start, SERVICE) == 1056
    bench.kernel.service_stop(SERVICE)
    until(lambda: bench.state() == "Stopped")
    assert bench.kernel.service_status(SERVICE) == {"state": "Stopped", "pid": 0, "exit_code": 0}
    assert bench.kernel.process(pid) is None
    assert not bench.kernel.listening(bench.address, 5050)
    assert code_of(bench.kernel.service_stop, SERVICE) == 1062


def test_registration_errors(bench: Bench) -> None:
    bench.register(bench.program(), start="disabled")
    assert code_of(bench.register, bench.program()) == 1073
    assert code_of(bench.kernel.service_start, SERVICE) == 1058
    assert code_of(bench.kernel.service_start, "nobody") == 1060
    assert code_of(bench.kernel.service_create, "X", "x.exe", "sometimes", "", "", "") == 87
    assert bench.kernel.service_status("nobody") is None
    assert bench.kernel.services() == [SERVICE]


def test_the_registry_is_the_truth(bench: Bench) -> None:
    bench.register(r"C:\nowhere\Missing.exe", start="delayed-auto")
    values = bench.kernel.reg_get(r"hklm\system\currentcontrolset\services\tradingsystem-try")
    assert values is not None
    assert values["Start"] == ("REG_DWORD", 2)
    assert values["DelayedAutostart"] == ("REG_DWORD", 1)
    assert code_of(bench.kernel.service_start, SERVICE) == 2
    bench.set("ImagePath", "REG_EXPAND_SZ", bench.program())
    bench.run()


def test_a_killed_process_is_restarted_by_its_recovery_actions(bench: Bench) -> None:
    bench.register(bench.program(), FailureActions=("REG_BINARY", failure_actions(30, 60)))
    first = bench.run()
    os.kill(first, signal.SIGKILL)
    until(lambda: bench.runs_anew(first))
    second = bench.pid()
    bench.kernel.kill(second)
    until(lambda: bench.runs_anew(first, second))
    told = [str(event["message"]) for event in bench.machine.events.read() if event["id"] == 7031]
    assert [message.partition("; ")[0].rpartition(", ")[2] for message in told] == ["1 time(s)", "2 time(s)"]


def test_a_disabled_service_is_never_resurrected(bench: Bench) -> None:
    bench.register(bench.program(), FailureActions=("REG_BINARY", failure_actions(20)))
    pid = bench.run()
    bench.set("Start", "REG_DWORD", 4)
    bench.kernel.kill(pid)
    until(lambda: any(event["id"] == 7032 for event in bench.machine.events.read()))
    assert bench.kernel.service_status(SERVICE) == {"state": "Stopped", "pid": 0, "exit_code": 1067}


def test_a_crash_loop_goes_on_restarting(bench: Bench) -> None:
    program = bench.program(faults={"crashAfterSeconds": 0.02})
    bench.register(program, FailureActions=("REG_BINARY", failure_actions(1)))
    bench.kernel.service_start(SERVICE)
    until(lambda: sum(event["id"] == 7031 for event in bench.machine.events.read()) >= 3)


def test_a_process_that_never_reports_is_1053(bench: Bench) -> None:
    bench.kernel.reg_set(r"HKLM\SYSTEM\CurrentControlSet\Control", "ServicesPipeTimeout", "REG_DWORD", 150)
    program = bench.program(faults={"hangOnStart": True})
    bench.register(program, FailureActions=("REG_BINARY", failure_actions(1)))
    bench.kernel.service_start(SERVICE)
    assert code_of(bench.kernel.service_stop, SERVICE) == 1061
    until(lambda: bench.state() == "Stopped")
    status = bench.kernel.service_status(SERVICE)
    assert status is not None
    assert status["exit_code"] == 1053
    assert not any(event["id"] == 7031 for event in bench.machine.events.read())


@pytest.mark.parametrize(("flag", "restarts"), [(0, False), (1, True)])
def test_an_error_that_was_reported_counts_with_the_flag_only(bench: Bench, flag: int, restarts: bool) -> None:
    bench.put("tool/python.exe", "SANDBOX-EXE python 3.11.9\n")
    bench.put("gw/shawl.exe", "SANDBOX-EXE shawl\n")
    line = r"C:\gw\shawl.exe run --name X --cwd C:\gw -- C:\tool\python.exe -m nothing"
    bench.register(
        line,
        FailureActions=("REG_BINARY", failure_actions(1)),
        FailureActionsOnNonCrashFailures=("REG_DWORD", flag),
    )
    bench.kernel.service_start(SERVICE)
    if restarts:
        until(lambda: any(event["id"] == 7031 for event in bench.machine.events.read()))
    else:
        until(lambda: bench.state() == "Stopped")
        assert bench.machine.events.read() == []


def test_deletion_waits_for_the_process(bench: Bench) -> None:
    bench.register(bench.program())
    bench.run()
    bench.kernel.service_delete(SERVICE)
    assert code_of(bench.kernel.service_delete, SERVICE) == 1072
    assert code_of(bench.register, bench.program()) == 1072
    bench.kernel.service_stop(SERVICE)
    until(lambda: bench.kernel.service_status(SERVICE) is None)
    bench.register(bench.program())


def test_dependencies_start_first_and_hold_the_stop(bench: Bench) -> None:
    bench.register(bench.program(), name="Base")
    bench.put("top/Top.exe", "SANDBOX-EXE native\n")
    bench.put("top/appsettings.json", '{"port": 5055}')
    bench.register(r"C:\top\Top.exe", name="Top", DependOnService=("REG_MULTI_SZ", ["Base"]))
    bench.run("Top", 5055)
    assert bench.state("Base") == "Running"
    assert code_of(bench.kernel.service_stop, "Base") == 1051


def test_refuse_stop_until_the_fault_is_cleared(bench: Bench) -> None:
    bench.register(bench.program())
    bench.run()
    bench.machine.faults.arm({"kind": "refuse-stop", "service": SERVICE})
    bench.kernel.service_stop(SERVICE)
    assert bench.state() == "StopPending"
    assert code_of(bench.kernel.service_stop, SERVICE) == 1061
    bench.machine.faults.clear()
    until(lambda: bench.state() == "Stopped")


def test_a_recovery_action_may_reboot_the_machine(bench: Bench) -> None:
    bench.register(bench.program(), start="auto", FailureActions=("REG_BINARY", failure_actions(10, kind=2)))
    pid, boot = bench.run(), bench.kernel.system()["boot_id"]
    bench.machine.faults.arm({"kind": "kill-service", "service": SERVICE})
    until(lambda: bench.machine.powered and bench.machine.system()["boot_id"] != boot)
    until(lambda: bench.runs_anew(pid))
