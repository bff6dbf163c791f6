"""The known traps of pyinfra over WinRM, one test each, numbered as the research numbered them."""

import ast
import base64
import logging
import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, cast

import pytest
from pyinfra.api import util
from pyinfra.api.command import QuoteString, StringCommand
from pyinfra.api.config import Config
from pyinfra.api.connect import connect_all, disconnect_all
from pyinfra.api.hiddenvalue import HiddenValue as _HiddenValue
from pyinfra.api.inventory import Inventory
from pyinfra.api.operation import add_op, operation
from pyinfra.api.operations import run_ops
from pyinfra.api.state import State
from pyinfra.context import ctx_host, ctx_state

from deploy.planning.resources import Folder
from deploy.windows import snapshot
from deploy.windows.commands import ApplyCommand
from deploy.windows.connector import WindowsConnector
from deploy.windows.operations import folder
from deploy.windows.plain import Plain
from deploy.windows.text import POWERSHELL, command_of, powershell_quote
from deploy.wire.errors import WireError
from tests.unit.windows.fleet import HOLDER, Fleet
from tests.unit.windows.test_target import put
from tests.unit.winrm.scripted_host import PASSWORD

PRESENT: Callable[..., Any] = folder.present
HiddenValue: Callable[[str], _HiddenValue] = _HiddenValue
ROOT = Path(__file__).parents[3]
SOURCES = [*(ROOT / "deploy" / "windows").rglob("*.py"), ROOT / "deploy" / "prepare.py"]


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    """Two hosts, web01 and web02, whose locks are held."""
    monkeypatch.setenv("NTLM_USER_FILE", "")
    found = Fleet()
    for name in ("web01", "web02"):
        found.add(name, tmp_path / name)
    found.lock()
    yield found
    found.close()


def make_folder(path: str = r"C:\New") -> Callable[[Any], None]:
    return lambda _host: PRESENT(Folder(path, {"inherit": False, "grants": []}))


@operation()
def shell(command: Any) -> Any:
    yield command


SHELL: Callable[..., Any] = shell


def connector_of(host: Any) -> WindowsConnector:
    return cast(WindowsConnector, host.connector)


def test_trap_01_a_dead_host_does_not_abort_the_others(fleet: Fleet) -> None:
    fleet.hosts["web01"].close()
    results = fleet.run(make_folder())
    assert (results["web01"].ok, results["web02"].ok) == (False, True)
    problem = results["web01"].problem
    assert problem is not None
    assert problem.code == "unreachable"
    assert len(fleet.halves["web02"].applied) == 1


def test_trap_02_a_failed_fact_is_never_read_as_absent(fleet: Fleet) -> None:
    fleet.halves["web01"].fail["facts"] = WireError("access-denied", "no access to the SCM")
    results = fleet.run(make_folder())
    assert not fleet.halves["web01"].applied
    assert results["web01"].problem is not None
    assert results["web01"].problem.what == "no access to the SCM"
    assert results["web02"].changed == (r"folder-C:\New",)


def test_trap_02_a_failed_fact_of_pyinfra_fails_the_host(fleet: Fleet) -> None:
    answers: dict[str, Any] = {}
    fleet.halves["web01"].fail["facts"] = WireError("access-denied", "no")
    results = fleet.run(lambda host: answers.update({host.name: host.get_fact(snapshot.Services)}))
    assert answers["web01"] is None
    assert "Svc" in answers["web02"]
    assert (results["web01"].ok, results["web02"].ok) == (False, True)


def test_trap_03_hidden_values_arrive_unmasked_and_in_no_argument(fleet: Fleet) -> None:
    command = StringCommand("tool.exe", QuoteString(HiddenValue("S3cret-canary")), HiddenValue("Other-canary"))
    fleet.run(lambda _host: SHELL(command), ["web01"])
    ((line, environment, stdin),) = fleet.halves["web01"].worker.plain
    assert line == POWERSHELL
    assert base64.b64decode(stdin.splitlines()[0]) == b"tool.exe $env:TSDEPLOY_HIDDEN_1 $env:TSDEPLOY_HIDDEN_2"
    assert environment["TSDEPLOY_HIDDEN_1"] == "S3cret-canary"
    assert "canary" not in line


@pytest.mark.parametrize(
    ("word", "quoted"),
    [
        ("plain", "'plain'"),
        (r"C:\O'Brien", r"'C:\O''Brien'"),
        ("a\u2018b\u2019c\u201ad\u201b", "'a\u2018\u2018b\u2019\u2019c\u201a\u201ad\u201b\u201b'"),
        ('say "hi" $env:X', "'say \"hi\" $env:X'"),
    ],
)
def test_trap_04_quoting_is_powershells(word: str, quoted: str) -> None:
    assert powershell_quote(word) == quoted
    command = command_of(StringCommand("Get-Item", QuoteString(word)), "sh", {})
    assert base64.b64decode(command.stdin).decode() == f"Get-Item {quoted}"


def test_trap_04_no_unix_folder_and_no_command_v(fleet: Fleet) -> None:
    seen: list[Any] = []
    fleet.run(
        lambda host: seen.append((host.state.config.TEMP_DIR, host.get_fact(snapshot.System)["cores"])), ["web01"]
    )
    assert seen == [(r"C:\Windows\Temp", 4)]
    assert not fleet.halves["web01"].worker.plain
    assert not any("requires_command" in path.read_text() for path in SOURCES)


def test_trap_05_nothing_given_is_no_error_and_live_objects_stay_out_of_host_data(fleet: Fleet) -> None:
    keys = ("address", "port", "user", "password", "ca_path", "cert_path", "cert_key_path")
    data = {f"winrm_{key}": None for key in keys}
    state = State(Inventory(([("@tswinrm/web01", data)], {})), Config())  # type: ignore[no-untyped-call]
    host = state.inventory.get_host("web01")
    assert host.data.winrm_password is None
    fleet.run(lambda host: fleet.told.append((host.name, str(host.data.dict()), "", {})), ["web01"])
    assert "WindowsTarget" not in fleet.told[0][1]


def test_trap_06_inventories_hold_groups_of_hosts_only() -> None:
    for path in (ROOT / "inventories").glob("*.py"):
        names: dict[str, Any] = {}
        exec(compile(path.read_text(), str(path), "exec"), names)  # plain data files of this repository
        for name, value in names.items():
            if not name.startswith("_") and isinstance(value, list | tuple):
                hosts = [item[0] if isinstance(item, tuple) else item for item in value]
                assert all(str(item).startswith("@tswinrm/") for item in hosts), (path.name, name)


def test_trap_07_hosts_are_planned_at_the_same_time(fleet: Fleet) -> None:
    both = threading.Barrier(2)
    for half in fleet.halves.values():
        plain = half.worker.verbs["facts"]

        def together(asked: Any, speaker: Any, plain: Any = plain) -> Any:
            both.wait(10)
            return plain(asked, speaker)

        half.worker.verbs["facts"] = together
    results = fleet.run(make_folder())
    assert all(result.ok for result in results.values())


def test_trap_08_a_pause_before_a_repetition_holds_up_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NTLM_USER_FILE", "")
    other_done = threading.Event()
    slept: list[bool] = []
    fleet = Fleet()
    fleet.add("web01", tmp_path / "a", sleep=lambda _s: slept.append(other_done.wait(10)))
    fleet.add("web02", tmp_path / "b")
    fleet.lock()
    plain = fleet.halves["web02"].worker.verbs["facts"]

    def answered(asked: Any, speaker: Any) -> Any:
        other_done.set()
        return plain(asked, speaker)

    fleet.halves["web02"].worker.verbs["facts"] = answered
    fleet.hosts["web01"].wsman.injection.arm("drop-connection", "before:Receive")
    results = fleet.run(make_folder())
    fleet.close()
    assert slept == [True]
    assert all(result.ok for result in results.values())


def test_trap_09_hosts_with_other_resources_keep_their_own_results(fleet: Fleet) -> None:
    def act(host: Any) -> None:
        paths = [r"C:\TradingSystem", r"C:\A"] if host.name == "web01" else [r"C:\B", r"C:\TradingSystem", r"C:\C"]
        for path in paths:
            make_folder(path)(host)

    results = fleet.run(act)
    assert results["web01"].changed == (r"folder-C:\A",)
    assert results["web02"].changed == (r"folder-C:\B", r"folder-C:\C")


def keywords_used() -> set[str]:
    trees = [ast.parse(path.read_text()) for path in SOURCES]
    return {node.arg for tree in trees for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg}


def test_trap_10_no_operation_has_a_condition_that_could_replace_its_deploys() -> None:
    assert "_if" not in keywords_used()


def test_trap_11_nothing_runs_once_for_all_hosts() -> None:
    assert not {"_run_once", "_serial", "_parallel"} & keywords_used()


def test_trap_12_a_failed_host_is_always_reported(fleet: Fleet) -> None:
    fleet.halves["web02"].fail["apply"] = WireError("disk-full", "no space left")
    results = fleet.run(make_folder())
    assert results["web01"].ok
    assert not results["web02"].ok
    assert results["web02"].problem is not None
    assert (results["web02"].problem.code, results["web02"].changed) == ("disk-full", ())
    assert "no_wait" not in keywords_used()


def test_trap_12_also_when_all_hosts_fail(fleet: Fleet) -> None:
    for half in fleet.halves.values():
        half.fail["apply"] = WireError("disk-full", "no space left")
    assert [result.ok for result in fleet.run(make_folder()).values()] == [False, False]


def test_trap_13_two_runs_in_one_process_wait_for_each_other(fleet: Fleet) -> None:
    results: dict[str, Any] = {}

    def one(name: str) -> None:
        results.update(fleet.run(make_folder(), [name]))

    threads = [threading.Thread(target=one, args=(name,)) for name in ("web01", "web02")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert {name: result.changed for name, result in results.items()} == {
        "web01": (r"folder-C:\New",),
        "web02": (r"folder-C:\New",),
    }


def test_trap_14_a_changed_local_file_is_sent_as_it_is_now(fleet: Fleet, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    sent = fleet.halves["web01"].blobs

    def put_config(host: Any) -> None:
        connector_of(host).put_file(str(file), r"C:\c.json")

    for content in (b"one", b"two"):
        file.write_bytes(content)
        util.FILE_SHAS[str(file)] = "stale"
        fleet.run(put_config, ["web01"])
        assert sent[-1] == content
        assert not util.FILE_SHAS


def test_trap_15_an_error_leaves_no_context_behind(fleet: Fleet) -> None:
    def act(_host: Any) -> None:
        raise RuntimeError("a defect in a deploy file")

    with pytest.raises(RuntimeError, match="a defect"):
        fleet.run(act)
    assert ctx_state.get() is None  # type: ignore[no-untyped-call]
    assert ctx_host.get() is None  # type: ignore[no-untyped-call]
    assert all(result.ok for result in fleet.run(make_folder()).values())


def test_trap_16_an_event_knows_the_result(fleet: Fleet) -> None:
    fleet.halves["web02"].fail["apply"] = WireError("busy", "in use")
    fleet.run(make_folder())
    events = {(host, event): data for host, step, event, data in fleet.told if step == r"folder-C:\New"}
    assert events["web01", "done"] == {"changed": True}
    assert events["web02", "failed"]["code"] == "busy"
    assert ("web02", "done") not in events


def test_trap_17_names_are_imported_one_by_one() -> None:
    assert not any(re.search(r"import \*", path.read_text()) for path in SOURCES)


def test_trap_18_nothing_secret_reaches_pyinfras_logs(fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="pyinfra")

    def act(host: Any) -> None:
        connector_of(host).put_file(BytesIO(b"blob-canary"), r"C:\x")
        SHELL(StringCommand("tool", HiddenValue("hidden-canary")), _env={"A": HiddenValue("env-canary")})
        make_folder()(host)

    fleet.run(act, ["web01"])
    assert "tool" in caplog.text
    assert "canary" not in caplog.text


def test_trap_19_exit_codes_and_errors_are_passed_on(fleet: Fleet) -> None:
    worker = fleet.halves["web01"].worker
    worker.plain_answer = (7, b"", b"no good\r\n")
    assert not fleet.run(lambda _host: SHELL("exit 7"), ["web01"])["web01"].ok
    fleet.targets["web01"].lock(HOLDER, 0)
    assert fleet.run(lambda _host: SHELL("exit 7", _success_exit_codes=[0, 7]), ["web01"])["web01"].ok


PWSH = os.environ.get("DEPLOY_TEST_PWSH", "")


@pytest.mark.skipif(not PWSH, reason="DEPLOY_TEST_PWSH names no PowerShell")
@pytest.mark.parametrize(
    ("script", "code"),
    [("'ok'", 0), ("Get-Item ./no-such-file", 1), ("throw 'x'", 1), ("exit 7", 7), ("& sh -c 'exit 5'", 5)],
)
def test_trap_19_with_a_real_powershell(script: str, code: int) -> None:
    inline = POWERSHELL.split("-Command ", 1)[1].strip('"')
    stdin = base64.b64encode(script.encode()) + b"\r\n"
    ended = subprocess.run(
        [PWSH, "-NoProfile", "-NonInteractive", "-Command", inline],
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == code, ended.stderr


def test_trap_20_a_lost_connection_is_made_anew(fleet: Fleet) -> None:
    answers: list[Any] = []

    def act(host: Any) -> None:
        fleet.hosts["web01"].wsman.operations.shells.delete_all()
        answers.append(host.get_fact(snapshot.System)["cores"])
        host.disconnect()
        fleet.hosts["web01"].wsman.operations.shells.delete_all()
        host.connect()
        answers.append(host.get_fact(snapshot.System)["cores"])

    fleet.run(act, ["web01"])
    assert answers == [4, 4]


def test_trap_21_the_low_level_way_keeps_the_exit_code(fleet: Fleet) -> None:
    fleet.halves["web01"].worker.plain_answer = (3, b"out \xc3\x9c\r\n", b"err\r\n")
    ended = fleet.targets["web01"].run(Plain("whatever"))
    assert (ended.exit_code, ended.stdout.decode(), ended.stderr) == (3, "out Ü\r\n", b"err\r\n")


def test_arguments_of_pyinfra_are_honoured(fleet: Fleet) -> None:
    def act(_host: Any) -> None:
        SHELL("set", _shell_executable="cmd", _env={"A": "1"}, _chdir=r"C:\Windows", _stdin=["x", "y"])

    assert fleet.run(act, ["web01"])["web01"].ok
    ((line, environment, stdin),) = fleet.halves["web01"].worker.plain
    assert (line, environment["A"], stdin) == ("set", "1", b"x\r\ny\r\n")


def test_files_come_and_go(fleet: Fleet) -> None:
    fleet.halves["web01"].files[r"C:\log"] = "Ünï".encode()
    text, data = StringIO(), BytesIO()

    def act(host: Any) -> None:
        assert connector_of(host).get_file(r"C:\log", text)
        assert connector_of(host).get_file(r"C:\log", data)
        assert connector_of(host).put_file(StringIO("Ünï"), r"C:\new")

    assert fleet.run(act, ["web01"])["web01"].ok
    assert (text.getvalue(), data.getvalue(), fleet.halves["web01"].blobs) == ("Ünï", "Ünï".encode(), ["Ünï".encode()])


def test_dry_run_changes_nothing_and_names_the_steps(fleet: Fleet) -> None:
    results = fleet.run(make_folder(), dry=True)
    assert results["web01"].changed == (r"folder-C:\New",)
    assert not fleet.halves["web01"].applied
    assert not fleet.told


def test_no_step_begins_after_an_interruption(fleet: Fleet) -> None:
    results = fleet.run(make_folder(), stopped=lambda: True)
    assert not fleet.halves["web01"].applied
    assert results["web01"].problem is not None
    assert results["web01"].problem.code == "interrupted"


def test_a_change_costs_two_requests_and_no_change_none(fleet: Fleet) -> None:
    def act(host: Any) -> None:
        for path in (r"C:\A", r"C:\TradingSystem", r"C:\B"):
            make_folder(path)(host)

    target = fleet.targets["web01"]
    target.facts(deep=True)  # as a plan asks
    target.phase("stage")
    fleet.run(act, ["web01"])
    assert target.traffic.requests["stage"] == 4


def test_a_lent_target_that_lost_its_lock_changes_nothing(fleet: Fleet) -> None:
    fleet.targets["web01"].unlock()
    results = fleet.run(make_folder(), ["web01"])
    assert results["web01"].problem is not None
    assert results["web01"].problem.code == "not-holder"
    assert len(fleet.halves["web01"].asked("lock.acquire")) == 1


def test_without_a_run_the_lock_is_taken_before_the_first_change_and_given_back(fleet: Fleet) -> None:
    half, host = fleet.halves["web01"], fleet.hosts["web01"]
    fleet.targets["web01"].unlock()
    endpoint = host.endpoint()
    data = {
        "winrm_address": endpoint.address,
        "winrm_scheme": "http",
        "winrm_port": endpoint.port,
        "winrm_user": endpoint.user,
        "winrm_password": HiddenValue(PASSWORD),
    }
    for path, locks in ((r"C:\TradingSystem", 1), (r"C:\New", 2)):
        state = State(Inventory(([("@tswinrm/web01", data)], {})), Config())  # type: ignore[no-untyped-call]
        connect_all(state)
        add_op(state, PRESENT, Folder(path, {}))
        run_ops(state)
        disconnect_all(state)
        assert len(half.asked("lock.acquire")) == locks
    taken = half.asked("lock.acquire")[1].args
    assert taken["kind"] == "prepare"
    assert half.record is not None
    assert half.record["run"] is None
    assert [step["id"] for step in half.applied] == [r"folder-C:\New"]
    assert half.asked("apply")[0].run == taken["run"]


def test_commands_show_no_arguments() -> None:
    assert str(ApplyCommand(put(b"canary"))) == "file.put put"
