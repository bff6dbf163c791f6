"""Bringing a stopped service back: only the process that ran before is the old service."""

from typing import Any

import pytest

from tests.unit.agent_primitives.conftest import WholeHost

WORLD = """
$seen = New-Object System.Collections.ArrayList
function Assert-Registration { param($Name) @{ start = 'auto' } }
function Assert-ServiceState { param($Name) @{ State = 'Running'; Id = $now } }
function Get-ServiceState { param($Name) @{ Exists = $true; State = 'Running'; Id = $now } }
function Test-ServiceLeaving { param($Name) $false }
function Get-ProcessIdentity { param($Id) if ($Id -gt 0) { @{ Id = $Id; Image = 'x'; Started = $started } } }
function Stop-ServiceProven { param($Arguments, $Context) [void]$seen.Add("stop $($Arguments.on_timeout)") }
function Set-StartType { param($Name, $Start) [void]$seen.Add("start type $Start") }
function Start-ServiceProven { param($Name, $Context) [void]$seen.Add('start') }
$entry = (Get-PrimitiveTable)['service.stop']
$arguments = [PSCustomObject]@{ name = 'S'; ports = @(); on_timeout = 'kill' }
$now = 7; $started = 1000L
$undo = ConvertTo-PlainObject -Value (& $entry.Capture $arguments @{})
"""
BACK = ["start type auto", "start"]


@pytest.mark.parametrize(
    ("change", "done"),
    [
        ("", BACK),
        ("$now = 0", BACK),
        ("$now = 8", ["stop kill", *BACK]),
        ("$started = 5000L", ["stop kill", *BACK]),
        ("$undo.process = $null", ["stop kill", *BACK]),
    ],
    ids=["the old one", "none", "another one", "another one with its number", "none before, one now"],
)
def test_promise_2_a_process_that_later_steps_set_up_is_not_the_old_one(
    host: WholeHost, change: str, done: list[str]
) -> None:
    (seen,) = host.evaluate(f"{WORLD}; {change}; & $entry.Undo $arguments $undo @{{}}; , $seen.ToArray()")
    assert seen == done


def test_the_process_is_captured(host: WholeHost) -> None:
    found: list[dict[str, Any]] = host.evaluate(f"{WORLD}; $undo")
    assert found == [{"start": "auto", "ran": True, "process": {"id": 7, "started": 1000}}]


@pytest.mark.parametrize("verb", ["create", "configure", "start_type", "stop"])
def test_what_may_still_run_can_tell_when_it_has_ended(host: WholeHost, verb: str) -> None:
    settled = f"& (Get-PrimitiveTable)['service.{verb}'].Settled ([PSCustomObject]@{{ name = 'S'; ports = @() }}) @{{}}"
    gone = "function Test-ServiceGone { param($Arguments) $true }; function Test-ProgramEnded { param($Name) $%s }; "
    assert host.evaluate(gone % "true" + settled, gone % "false" + settled) == [True, False]


def test_a_program_that_runs_has_not_ended(host: WholeHost) -> None:
    look = "try { Test-ProgramEnded -Name 'sleep.exe' } finally { $p.Kill() }"
    ended = f"$p = [Diagnostics.Process]::Start('sleep', '60'); {look}"
    assert host.evaluate(ended, "Test-ProgramEnded -Name 'no-such-program.exe'") == [False, True]


def test_a_kill_at_a_deadline_ends_before_its_executor_counts_as_hung(host: WholeHost) -> None:
    assert host.evaluate("$script:KillGraceS -lt $script:GraceS", "$script:CaptureS") == [True, 60]
