"""A Wine machine behind WS-Man: programs, streams, exit codes, shells, power, tasks, a service that dies."""

import json
import shutil
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from deploy.sandbox.wine.host import POWERSHELL
from tests.sandbox.wine.conftest import ADDRESS, NAME, Site
from tests.sandbox.wine.native import ENTRY, ENV_SERVICE, required, unpack_runtime

PORT = 5055
KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Services"
DEADLINE_S = 60.0


def until(condition: Callable[[], Any]) -> Any:
    """What the condition gives once it holds."""
    deadline = time.monotonic() + DEADLINE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.1)
    return found


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("hostname", 0, "WEB01\r\n"),
        ("cmd /c exit 7", 7, ""),
        ("exit 300", 300, ""),
        ("sc.exe query nosuch", 1060, "FAILED 1060"),
        ("cd", 0, "C:\\users\\Public\r\n"),
        ('echo "a  b" & echo %COMPUTERNAME% 100%', 0, '"a  b" \r\nWEB01 100%'),
        ("nonsense -s", 1, ""),
        ("for %i in (1 2) do @echo x%i", 0, "x1\r\nx2"),
        ("whoami", 0, "WEB01\\"),
    ],
)
def test_command_lines(site: Site, line: str, code: int, said: str) -> None:
    answer = site.session.run_cmd(line)
    assert (answer.status_code, said in answer.std_out.decode()) == (code, True), answer.std_out


def test_powershell(site: Site) -> None:
    answer = site.session.run_ps("$PSVersionTable.PSVersion.Major; (Get-Location).Path; exit 5")
    assert (answer.status_code, answer.std_out.split()) == (5, [b"5", b"C:\\users\\Public"])


def test_a_shell_s_environment_and_folder_reach_its_processes_and_its_end_ends_them(site: Site) -> None:
    protocol = site.session.protocol
    shell = protocol.open_shell(working_directory="C:\\Program Files", env_vars={"MINE": "a b", "PATH": "C:\\mine"})
    command = protocol.run_command(shell, "cd & echo %MINE%& echo %PATH%")
    out = protocol.get_command_output(shell, command)[0].decode()
    assert out.split("\r\n")[:3] == ["C:\\Program Files", "a b", "C:\\mine"]
    marker = site.disk / "marker"
    script = "[IO.File]::WriteAllText('C:\\marker', 'x'); Start-Sleep 600"
    protocol.run_command(shell, f'{POWERSHELL} -NoProfile -Command "{script}"')
    until(marker.exists)
    protocol.close_shell(shell)
    # the one that counts, and the machine's own
    assert site.session.run_ps("@(Get-Process powershell).Count").std_out.split() == [b"2"]


def test_a_worker_is_started_by_its_name_and_found_by_the_fault(site: Site) -> None:
    protocol = site.session.protocol
    shell, marker = protocol.open_shell(), site.disk / "at-work"
    script = "[IO.File]::WriteAllText('C:\\at-work', 'x'); Start-Sleep 60; [IO.File]::WriteAllText('C:\\survived', 'x')"
    command = protocol.run_command(shell, f'powershell.exe -NoProfile -Command "{script}"')
    until(marker.exists)
    site.fleet.ask({"do": "fault", "host": NAME, "fault": {"kind": "kill-worker"}})
    protocol.get_command_output(shell, command)
    assert not (site.disk / "survived").exists()
    protocol.close_shell(shell)


def test_access_lists_are_kept(site: Site) -> None:
    script = """
        [void][IO.Directory]::CreateDirectory('C:\\kept')
        $type = 'System.IO.FileSystemAclExtensions' -as [type]
        $wanted = New-Object Security.AccessControl.DirectorySecurity
        $wanted.SetSecurityDescriptorSddlForm('D:PAI(A;OICI;FA;;;SY)')
        $type::SetAccessControl((New-Object IO.DirectoryInfo 'C:\\kept'), $wanted)
        [IO.Directory]::Move('C:\\kept', 'C:\\moved')
        $kept = $type::GetAccessControl((New-Object IO.DirectoryInfo 'C:\\moved'), 'Access')
        $kept.GetSecurityDescriptorSddlForm('Access')
    """
    assert site.session.run_ps(script).std_out.split() == [b"D:PAI(A;OICI;FA;;;SY)"]


def test_a_service_that_dies_is_noticed_and_started_again_and_power_ends_it(site: Site) -> None:
    program = site.disk / "try"
    shutil.copytree(required(ENV_SERVICE), program)
    (program / "appsettings.json").write_text(json.dumps({"service": "Try", "bind": ADDRESS, "port": PORT}))
    unpack_runtime(site.disk / "dotnet")
    for line in (
        f'sc.exe create Try binPath= "C:\\try\\{ENTRY} --config C:\\try\\appsettings.json" start= auto',
        "sc.exe failure Try reset= 600 actions= restart/100",
        f"reg.exe add {KEY}\\Try /v Environment /t REG_MULTI_SZ /d DOTNET_ROOT=C:\\dotnet",
    ):
        assert site.session.run_cmd(line).status_code == 0
    until(lambda: site.session.run_cmd("sc.exe start Try").status_code in {0, 1056})
    first = until(lambda: _health().get("pid"))
    until(lambda: _seen(site) == [{"name": "Try", "pid": first, "port": None}])
    site.fleet.ask({"do": "fault", "host": NAME, "fault": {"kind": "kill-service", "service": "Try"}})
    second = until(lambda: _health().get("pid", first) != first and _health().get("pid"))
    site.fleet.ask({"do": "power", "host": NAME, "on": False})
    assert _health() == {}
    site.fleet.ask({"do": "power", "host": NAME, "on": True})
    assert until(lambda: _health().get("pid"))
    assert second != first


def _health() -> dict[str, Any]:
    try:
        with urllib.request.urlopen(f"http://{ADDRESS}:{PORT}/health", timeout=2) as answer:
            return dict(json.load(answer))
    except OSError:
        return {}


def _seen(site: Site) -> list[dict[str, Any]]:
    return [service for service in site.fleet.ask({"do": "status"})[0]["services"] if service["pid"]]
