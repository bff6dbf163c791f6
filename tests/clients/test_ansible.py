"""Ansible: `raw` on both engines, and how far `win_ping` comes."""

from pathlib import Path

import pytest

from tests.clients.ansible_runs import Ansible
from tests.clients.conftest import NO_POWERSHELL, Site, only_builtin, only_powershell

FAILED = "non-zero return code"


@pytest.fixture
def ansible(site: Site, tmp_path: Path) -> Ansible:
    return Ansible(site, tmp_path)


def test_raw_runs_a_program(site: Site, ansible: Ansible) -> None:
    outcome = ansible.run("raw", "hostname")
    assert (outcome.verdict, outcome.code, outcome.said) == ("CHANGED", 0, site.engine.computer)


def test_a_program_that_fails_makes_1_of_every_exit_code_as_powershell_does(ansible: Ansible) -> None:
    """`raw` is a script for powershell.exe, which ends with 1 when its last command failed."""
    outcome = ansible.run("raw", "cmd /c exit 7")
    assert (outcome.verdict, outcome.code, outcome.said) == ("FAILED", 1, FAILED)


@only_powershell
def test_raw_is_a_script_of_powershell(ansible: Ansible) -> None:
    script = "$x = \"a 'b' c\"; Write-Output $x 'žluť'; [Console]::Error.WriteLine('wrong'); exit 7"
    outcome = ansible.run("raw", script)
    assert (outcome.verdict, outcome.code) == ("FAILED", 7)
    assert outcome.said.split() == ["a", "'b'", "c", "žluť", "wrong", *FAILED.split()]


@only_builtin
def test_a_script_is_refused_where_there_is_no_powershell(ansible: Ansible) -> None:
    outcome = ansible.run("raw", "Write-Output 1")
    assert (outcome.verdict, outcome.code) == ("FAILED", 1)
    assert outcome.said.startswith(NO_POWERSHELL)


@only_powershell
def test_win_ping_comes_as_far_as_the_runspace_of_its_module(ansible: Ansible) -> None:
    """Login, the wrapper in `-EncodedCommand`, its payload over stdin and its JSON answer work.

    The wrapper then asks `[PowerShell]::Create()` for a default runspace. This engine can't make one, for want of
    Microsoft's cmdlet libraries, so the property is null.
    """
    ansible.add_collection()
    outcome = ansible.run("ansible.windows.win_ping")
    assert outcome.verdict == "FAILED"
    assert outcome.result["msg"] == "failure during exec_wrapper: You cannot call a method on a null-valued expression."


@only_powershell
def test_the_engine_has_no_default_runspace(site: Site) -> None:
    """The reason for that, without Ansible: where this fails, win_ping may work."""
    answer = site.session().run_ps("$null -eq [PowerShell]::Create().Runspace; [RunspaceFactory]::CreateRunspace()")
    assert (answer.status_code, answer.std_out.split()) == (1, [b"True"])
    assert "Cannot load PowerShell snap-in" in answer.std_err.decode()


@only_builtin
def test_win_ping_is_refused_where_there_is_no_powershell(ansible: Ansible) -> None:
    ansible.add_collection()
    outcome = ansible.run("ansible.windows.win_ping")
    assert (outcome.verdict, NO_POWERSHELL in outcome.result["msg"]) == ("FAILED", True)
