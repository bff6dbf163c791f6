# ruff: noqa: E501  # a table of PowerShell expressions
"""Decisions of the Windows primitives that need no Windows: what is compared, parsed and put together."""

import platform
import xml.etree.ElementTree as ET

import pytest

from tests.unit.agent_primitives.conftest import WholeHost

RECOVERY = "8051010000000000000000000300000014000000010000008813000001000000983a00000100000060ea0000"
LOCAL = "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=5055|RA4=LocalSubnet|RA6=LocalSubnet|Name=Orders (5055)|EmbedCtxt=TradingSystem|"
NETS = "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=8000|RA4=10.0.0.0/255.255.255.0|RA4=10.1.2.3/255.255.255.255|Name=Gate|"
OFF = "v2.30|Action=Allow|Active=FALSE|Dir=In|Protocol=6|LPort=8000|Name=Gate|"
BLOCK = "v2.30|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort=8000|Name=Gate|"
UDP = "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=17|LPort=8000|Name=Gate|"


def wanted(remote: str, port: int = 8000, name: str = "Gate") -> str:
    return f"([PSCustomObject]@{{ display_name = '{name}'; port = {port}; remote = '{remote}' }})"


def difference(text: str, arguments: str) -> str:
    found = f"$f = ConvertFrom-FirewallText -Text '{text}'; $f.exists = $true"
    return f"{found}; Get-FirewallDifference -Found $f -Arguments {arguments}"


CASES = {
    # [MS-DTYP] 2.4.2.4 and `sc showsid`: TrustedInstaller's SID is a published one
    "service sid": (
        "Get-ServiceSid -Name 'TrustedInstaller'",
        "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464",
    ),
    "sid of a service's account": (
        "Resolve-AccountSid -Account 'nt service\\trustedinstaller'",
        "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464",
    ),
    "recovery": (
        f"ConvertTo-FailureArgument -Bytes (ConvertFrom-HexText -Text '{RECOVERY}')",
        ["reset=", "86400", "actions=", "restart/5000/restart/15000/restart/60000"],
    ),
    "recovery never reset": (
        "ConvertTo-FailureArgument -Bytes (ConvertFrom-HexText -Text 'ffffffff0000000000000000010000001400000002000000e8030000')",
        ["reset=", "INFINITE", "actions=", "reboot/1000"],
    ),
    "no recovery": ("ConvertTo-FailureArgument -Bytes (ConvertFrom-HexText -Text '')", None),
    "recovery that sc.exe can't say": (
        "ConvertTo-FailureArgument -Bytes (ConvertFrom-HexText -Text '0000000000000000000000000100000014000000000000000a000000')",
        None,
    ),
    "torn recovery": (f"ConvertTo-FailureArgument -Bytes (ConvertFrom-HexText -Text '{RECOVERY[:-8]}')", None),
    "pointers in recovery": (
        f"Get-FailureText -Bytes (ConvertFrom-HexText -Text '80510100deadbeefdeadbeef{RECOVERY[24:]}')",
        RECOVERY,
    ),
    "plain argument": ("ConvertTo-CommandArgument -Text 'start='", "start="),
    "empty argument": ("ConvertTo-CommandArgument -Text ''", '""'),
    "quoted argument": ("""ConvertTo-CommandArgument -Text 'say "hi" \\"x\\ '""", '"say \\"hi\\" \\\\\\"x\\ "'),
    "argument that ends with a backslash": ("ConvertTo-CommandArgument -Text 'a b\\'", '"a b\\\\"'),
    "quoted program": ("""Get-ProgramPath -ImagePath '"C:\\a b\\x.exe" --y'""", "C:\\a b\\x.exe"),
    "program with spaces": ("Get-ProgramPath -ImagePath ' C:\\a b\\x.EXE --y z.exe'", "C:\\a b\\x.EXE"),
    "program without suffix": ("Get-ProgramPath -ImagePath 'C:\\a\\x --y'", "C:\\a\\x"),
    "accounts of one meaning": (
        "'.\\LocalSystem', 'NT AUTHORITY\\SYSTEM', 'NT Authority\\LocalService', 'Dom\\User' | ForEach-Object { Get-FoldedField -Field 'account' -Value $_ }",
        ["localsystem", "localsystem", "nt authority\\local service", "dom\\user"],
    ),
    "absent values are defaults": (
        "ConvertTo-Registration -Values @{ ImagePath = 'x' }",
        {
            "image_path": "x",
            "start": "manual",
            "account": "LocalSystem",
            "display_name": "",
            "description": "",
            "depends_on": [],
            "environment": {},
            "failure_actions": "",
            "failure_on_non_crash": False,
            "sid_type": "none",
        },
    ),
    "registry values": (
        "ConvertTo-Registration -Values @{ ImagePath = 'x'; Start = 2; DelayedAutostart = 1; ServiceSidType = 1; Environment = 'A=1', 'B=x=y';"
        " DependOnService = @('RpcSs'); FailureActionsOnNonCrashFailures = 1; ObjectName = 'NT SERVICE\\X' }",
        {
            "image_path": "x",
            "start": "delayed-auto",
            "account": "NT SERVICE\\X",
            "display_name": "",
            "description": "",
            "depends_on": ["RpcSs"],
            "environment": {"A": "1", "B": "x=y"},
            "failure_actions": "",
            "failure_on_non_crash": True,
            "sid_type": "unrestricted",
        },
    ),
    "rule as wanted": (difference(LOCAL, wanted("LocalSubnet", 5055, "Orders (5055)")), []),
    "rule with masks": (difference(NETS, wanted("10.1.2.3, 10.0.0.0/24")), []),
    "rule for another network": (difference(NETS, wanted("10.0.0.0/24")), ["remote"]),
    "rule that is off": (difference(OFF, wanted("any")), ["enabled"]),
    "rule that blocks": (difference(BLOCK, wanted("Any")), ["enabled"]),
    "rule for another protocol": (difference(UDP, wanted("Any", 8001)), ["enabled", "port"]),
    "a managed account needs no password": ("Assert-AccountPassword -Name S -Account 'D\\gmsa$' -Password $null", None),
    "gate opens": (
        "$g = @{ Identity = $null; Since = 0.0 }; foreach ($t in 1.0, 2.0, 3.0) { $g = Step-Gate -Gate $g -Look @{ Identity = '7 1'; Reason = '' } -Now $t };"
        " (Test-GateOpen -Gate $g -Now 3.0 -MinHealthyS 2), (Test-GateOpen -Gate $g -Now 3.0 -MinHealthyS 2.1)",
        [True, False],
    ),
    "gate starts anew with another process": (
        "$g = Step-Gate -Gate @{ Identity = '7 1'; Since = 0.0 } -Look @{ Identity = '7 2'; Reason = '' } -Now 9.0; Test-GateOpen -Gate $g -Now 9.5 -MinHealthyS 1",
        False,
    ),
    "gate starts anew after trouble": (
        "$g = Step-Gate -Gate @{ Identity = '7 1'; Since = 0.0 } -Look @{ Reason = 'probe' } -Now 9.0; Test-GateOpen -Gate $g -Now 99.0 -MinHealthyS 0",
        False,
    ),
    "open ports": (
        "$l = @(New-Object Net.IPEndPoint([Net.IPAddress]::Parse('127.0.7.1'), 5055)) + @(New-Object Net.IPEndPoint([Net.IPAddress]::IPv6Any, 9001));"
        " @('127.0.7.1', 5055), @('127.0.7.2', 5055), @('0.0.0.0', 5055), @('127.0.7.1', 9001), @('127.0.7.1', 1) |"
        " ForEach-Object { Test-Listening -Address $_[0] -Port $_[1] -Listeners $l }",
        [True, False, True, True, False],
    ),
}


def test_decisions(host: WholeHost) -> None:
    """All at once: an engine takes a second to start."""
    found = host.evaluate(*(expression for expression, _ in CASES.values()))
    assert dict(zip(CASES, found, strict=True)) == {name: value for name, (_, value) in CASES.items()}


REFUSED = {
    "Assert-ServiceName -Name 'a\\b'": "bad-request",
    'Assert-ServiceName -Name "a\'b"': "bad-request",
    "Assert-ServiceName -Name ''": "bad-request",
    "Assert-AccountPassword -Name S -Account 'D\\user' -Password $null": "bad-request",
    "Get-RegistryPath -Key 'HKCU\\Software'": "bad-request",
    "ConvertTo-WantedValue -Arguments ([PSCustomObject]@{ type = 'REG_DWORD'; value = '1'; name = 'x' })": "bad-request",
    "ConvertTo-WantedValue -Arguments ([PSCustomObject]@{ type = 'REG_NONE'; value = '1'; name = 'x' })": "bad-request",
    "ConvertFrom-HexText -Text 'abc'": "bad-request",
    "throw (New-ServiceError -Name S -Action start -Win32 1058)": "start-failed",
    "throw (New-ServiceError -Name S -Action start -Win32 1072)": "pending-deletion",
    "throw (New-ServiceError -Name S -Action start -Win32 1051)": "busy",
    "throw (New-ServiceError -Name S -Action start -Win32 12345 -Otherwise start-failed)": "start-failed",
}


def test_refusals(host: WholeHost) -> None:
    assert [item["code"] for item in host.evaluate(*REFUSED)] == list(REFUSED.values())


def test_the_settling_task_is_as_the_design_wants_it_and_known_again(host: WholeHost) -> None:
    sha = "a" * 64
    root = "C:\\Trading & System"
    text, same, other, changed = host.evaluate(
        f"Get-TaskXml -Root '{root}' -Agent '{sha}' -Enabled $false",
        f"Test-SettlingXml -Xml (Get-TaskXml -Root '{root}' -Agent '{sha}' -Enabled $true) -Root '{root}' -Agent '{sha}'",
        f"Test-SettlingXml -Xml (Get-TaskXml -Root '{root}' -Agent '{sha}' -Enabled $true) -Root '{root}' -Agent '{'b' * 64}'",
        f"Test-SettlingXml -Xml (Get-TaskXml -Root '{root}' -Agent '{sha}' -Enabled $true).Replace('BootTrigger', 'LogonTrigger')"
        f" -Root '{root}' -Agent '{sha}'",
    )
    assert (same, other, changed) == (True, False, False)
    task = ET.fromstring(text.partition("?>")[2])
    space = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"

    def value(*names: str) -> str | None:
        return task.findtext("/".join(space + name for name in names))

    assert value("Principals", "Principal", "UserId") == "S-1-5-18"
    assert value("Settings", "MultipleInstancesPolicy") == "Parallel"
    assert value("Settings", "ExecutionTimeLimit") == "PT0S"
    assert value("Settings", "Priority") == "4"
    assert value("Settings", "Enabled") == "false"
    assert value("Triggers", "TimeTrigger", "Repetition", "Interval") == "PT1M"
    assert task.find(f"{space}Triggers/{space}BootTrigger") is not None
    arguments = value("Actions", "Exec", "Arguments")
    assert arguments is not None
    assert arguments.endswith(f'executor.ps1" -Agent {sha}')
    assert root in arguments


@pytest.mark.skipif(platform.system() == "Windows", reason="it can")
@pytest.mark.parametrize("verb", ["service.start", "service.stop", "registry.set", "firewall.ensure", "service.adopt"])
def test_windows_verbs_say_elsewhere_that_they_cannot(host: WholeHost, verb: str) -> None:
    arguments = {
        "service.start": "name = 'S'",
        "service.stop": "name = 'S'; ports = @(); on_timeout = 'stuck'",
        "registry.set": "key = 'HKLM\\X'; name = 'x'; type = 'REG_SZ'; value = 'x'",
        "firewall.ensure": "name = 'x'; display_name = 'x'; port = 1; remote = 'Any'; present = $true",
        "service.adopt": "name = 'S'",
    }[verb]
    context = f"@{{ Root = '{host.root}' }}"
    (found,) = host.evaluate(
        f"& (Get-PrimitiveTable)['{verb}'].Describe ([PSCustomObject]@{{ {arguments} }}) {context}"
    )
    assert found["code"] == "unsupported"
