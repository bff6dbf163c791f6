"""The module in the hands of a person at the console: its names, its help, what is open, settling it."""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.wire.journal import encode_record
from tests.unit.agent.engine import WAIT_S, engine
from tests.unit.agent_primitives.conftest import WholeHost

HERE = Path(__file__).parent
TX = "20261124-1810-web01-1"
_VERBS = """
Add Approve Assert Backup Block Checkpoint Clear Close Compare Complete Compress Confirm Connect Convert ConvertFrom
ConvertTo Copy Debug Deny Disable Disconnect Dismount Edit Enable Enter Exit Expand Export Find Format Get Grant Group
Hide Import Initialize Install Invoke Join Limit Lock Measure Merge Mount Move New Open Optimize Out Ping Pop Protect
Publish Push Read Receive Redo Register Remove Rename Repair Request Reset Resize Resolve Restart Restore Resume Revoke
Save Search Select Send Set Show Skip Split Start Step Stop Submit Suspend Switch Sync Test Trace Unblock Undo Uninstall
Unlock Unprotect Unpublish Unregister Update Use Wait Watch Write
"""
APPROVED = frozenset(_VERBS.split())
"""What Get-Verb lists in Windows PowerShell 5.1."""

TASK = "function Get-ScheduledTask { }\n"
"""No task is registered: this system has none."""


@pytest.fixture
def console(tmp_path: Path) -> Iterator[WholeHost]:
    engine()
    made = WholeHost(tmp_path / "root").install()
    (made.root / "state/transactions").mkdir(parents=True)
    yield made
    made.close()


def type_in(host: WholeHost, *commands: str) -> list[list[Any]]:
    """What each of a person's commands gives, as JSON; an error is its text. The module is imported by hand."""
    script = host.root / "typed.ps1"
    lines = [
        f"{TASK}Import-Module -Name '{host.module}'",
        f"$inside = Get-Module | Where-Object {{ $_.Path -eq '{host.module}' }}",
        "$found = @(",
        *(f', @(try {{ {command} }} catch {{ "$_" }})' for command in commands),
        ")",
        "[Console]::Out.Write((ConvertTo-Json -InputObject $found -Depth 5))",
    ]
    script.write_text("\n".join(lines))
    ended = subprocess.run(
        [engine(), "-NoProfile", "-NonInteractive", "-File", str(script)],
        env={**os.environ, "PWSH_AS_51": "1"},
        capture_output=True,
        timeout=WAIT_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr.decode()
    answers: list[list[Any]] = json.loads(ended.stdout)
    return answers


def leave_open(host: WholeHost, tx: str = TX) -> Path:
    """A journal as a dead executor leaves it, in the middle of replacing a file; gives that file."""
    stamp = {"at": "2026-11-24T18:10:02Z", "up": 1.0, "boot": "an earlier one"}
    file = host.root / "work/order-manager.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text("new")
    args = {"path": str(file), "sha256": sha256("new"), "size": 3, "data": {"file": "data-0"}, "acl": None}
    step = {"id": "put-order-manager.json", "verb": "file.put", "args": args, "expect": None, "deadline_s": 30}
    doing = {"i": 0, "id": step["id"], "verb": "file.put", "undo": "undo-0", "deadline_up": 31.0}
    submitted = host.submitted(tx, [step], boot=stamp["boot"])
    begun = {"t": "begun", **stamp, "pid": 4, "started": 5}
    host.write_journal(tx, submitted, begun, {"t": "doing", **stamp, **doing})
    data = host.journal_path(tx).with_suffix(".d")
    (data / "undo-0").write_text(json.dumps({"exists": True, "sha256": sha256("old"), "sddl": None}))
    (data / "undo-0.bytes").write_text("old")
    return file


def leave_damaged(host: WholeHost, tx: str = TX) -> None:
    """A journal whose second record is damaged, and the third is not."""
    record = encode_record(host.submitted(tx, []))
    host.journal_path(tx).write_bytes(record + record.replace(b"wave", b"gave").replace(b"18:10", b"18:11") + record)
    host.journal_path(tx).with_suffix(".d").mkdir()


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_every_function_is_named_by_the_rules_and_every_exported_one_has_help(console: WholeHost) -> None:
    command = [engine(), "-NoProfile", "-NonInteractive", "-File", str(HERE / "describe_module.ps1")]
    shown = subprocess.run(
        [*command, "-Module", str(console.module)],
        env={**os.environ, "PWSH_AS_51": "1"},
        capture_output=True,
        timeout=WAIT_S,
        check=True,
    )
    found = json.loads(shown.stdout)
    assert (found["said"], found["kept"]) == ([], True), "importing printed something or changed preferences"
    assert len(found["functions"]) > 300
    for name in found["functions"]:
        verb, _, noun = name.partition("-")
        assert verb in APPROVED, name
        assert noun[:1].isupper(), name
        assert noun.isalnum(), name
    assert {each["name"] for each in found["exported"]} >= {"Get-OpenTransaction", "Invoke-Settling", "Start-Worker"}
    for each in found["exported"]:
        assert all(each[part] for part in ("advanced", "synopsis", "description", "outputs")), each["name"]
        assert not each["name"].endswith("s"), each["name"]
        assert any(each["name"] in example for example in each["examples"]), each["name"]
        told = {parameter["name"]: parameter["text"] for parameter in each["parameters"]}
        assert all(told[name] for name in each["own"]), (each["name"], told)


def test_a_person_sees_an_open_transaction_and_settles_it(console: WholeHost) -> None:
    file = leave_open(console)
    (seen,), records, (settled,), none, after = type_in(
        console,
        "Get-OpenTransaction",
        "Get-OpenTransaction | Get-TransactionRecord",
        "Invoke-Settling",
        "Get-OpenTransaction",
        "Get-TransactionRecord",
    )
    assert (seen["Tx"], seen["State"], seen["Step"]) == (TX, "running", "put-order-manager.json")
    assert (seen["Run"], seen["Who"], seen["Service"]) == ("r1", "operator", None)
    assert "Invoke-Settling" in seen["Next"]
    assert [each["What"] for each in records] == ["submitted", "begun", "doing"]
    assert records[2]["Step"] == "put-order-manager.json"
    assert (settled["State"], settled["Step"]) == ("undone", None)
    assert "the executor ended" in settled["Error"]
    assert file.read_text() == "old"
    assert (none, after[-1]["What"]) == ([], "ended")


def test_what_if_changes_nothing(console: WholeHost) -> None:
    file = leave_open(console)
    before = console.journal_path(TX).read_bytes()
    script = f"{TASK}Import-Module -Name '{console.module}'; Invoke-Settling -WhatIf"
    ended = console.popen("-Command", script).communicate(timeout=WAIT_S)[0]
    assert f"{TX} (running)".encode() in ended
    assert (file.read_text(), console.journal_path(TX).read_bytes()) == ("new", before)


def test_a_person_does_not_race_an_executor_that_is_at_work(console: WholeHost) -> None:
    file = leave_open(console)
    # A process that lives, as its record in executor.json says it, and is within its first minute
    at_work = (
        f"& $inside {{ Write-Holder -Setting @{{ Root = '{console.root}'; Platform = (New-Platform) }} -Tx '{TX}' }}"
    )
    _, (seen,), (refused,) = type_in(console, at_work, "Get-OpenTransaction", "Invoke-Settling")
    assert "is at work on it: wait" in seen["Next"]
    assert "settles this host already, and nothing was done here" in refused
    assert file.read_text() == "new"


def test_an_unreadable_one_is_left_alone_until_a_person_closes_it(console: WholeHost) -> None:
    leave_damaged(console)
    (seen,), records, (kept,), none = type_in(
        console,
        "Invoke-Settling",
        f"Get-TransactionRecord -Tx {TX}",
        "Get-OpenTransaction | Close-UnreadableTransaction -Confirm:$false",
        "Get-OpenTransaction",
    )
    assert seen["State"] == "unreadable"
    assert "Close-UnreadableTransaction" in seen["Next"]
    assert [each["What"] for each in records] == ["submitted", "damaged"]
    journal, data = console.journal_path(TX), console.journal_path(TX).with_suffix(".d")
    assert (kept["Journal"], kept["Data"]) == (f"{journal}.damaged", f"{data}.damaged")
    assert (Path(kept["Journal"]).exists(), Path(kept["Data"]).exists(), journal.exists()) == (True, True, False)
    assert none == []


def test_closing_that_was_cut_off_between_data_and_journal_is_done_again(console: WholeHost) -> None:
    leave_damaged(console)
    data = console.journal_path(TX).with_suffix(".d")
    data.rename(f"{data}.damaged")
    ((kept,),) = type_in(console, f"Close-UnreadableTransaction -Tx {TX} -Confirm:$false")
    assert (kept["Data"], Path(kept["Data"]).exists()) == (f"{data}.damaged", True)
    assert not console.journal_path(TX).exists()


def test_a_mistake_is_told_what_to_do(console: WholeHost) -> None:
    leave_open(console)
    mistakes = {
        f"Close-UnreadableTransaction -Tx {TX} -Confirm:$false": f"{TX} is running, not unreadable",
        "Close-UnreadableTransaction -Tx nothing -Confirm:$false": "There is no transaction nothing",
        "Get-TransactionRecord -Tx nothing": "There is no transaction nothing",
        "Get-TransactionRecord -Tx ../x": "no transaction name",
        "Get-OpenTransaction -Root /no/such/root": "say with -Root where the trading system lies",
    }
    for (command, told), answer in zip(mistakes.items(), type_in(console, *mistakes), strict=True):
        assert told in answer[0], command


def test_without_the_rights_to_look_nothing_is_said_about_transactions(console: WholeHost) -> None:
    leave_open(console)
    commands = ("Get-OpenTransaction", "Get-TransactionRecord", "Get-RunLock", "Invoke-Settling")
    unprivileged = "& $inside { Set-Item -Path function:Test-Elevated -Value { $false } }"
    for command, answer in zip(commands, type_in(console, unprivileged, *commands)[1:], strict=True):
        assert "Run as administrator" in answer[0], command


def test_the_run_lock_names_its_holder(console: WholeHost) -> None:
    assert type_in(console, "Get-RunLock") == [[]]
    console.grant("r7", 4)
    ((lock,),) = type_in(console, "Get-RunLock")
    assert (lock["Held"], lock["Run"], lock["Who"], lock["Epoch"]) == (False, "r7", "operator", 4)
