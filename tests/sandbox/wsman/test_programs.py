"""The command processor's language, sc.exe and reg.exe: what a person changes by hand."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.sandbox.programs.syntax import SyntaxFault, expand, parse, unquote_command
from tests.sandbox.wsman.conftest import Site

SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"


@pytest.mark.parametrize(
    ("line", "out", "err", "code"),
    [
        ("echo a&echo b", "a\r\nb\r\n", "", 0),
        ("cmd /c exit 3 && echo no", "", "", 3),
        ("cmd /c exit 3 || echo yes", "yes\r\n", "", 0),
        ("echo a ^& b", "a & b\r\n", "", 0),
        ('echo "a & b"', '"a & b"\r\n', "", 0),
        ("echo.", "\r\n", "", 0),
        ("echo %NOT_SET%", "%NOT_SET%\r\n", "", 0),
        ("nope 2>nul", "", "", 1),
        (
            "nope 2>&1 | findstr /C:recognized",
            "'nope' is not recognized as an internal or external command,\r\n",
            "",
            0,
        ),
        (r"cd /d C:\Windows&& cd", "C:\\Windows\r\n", "", 0),
        (r"cd C:\nowhere", "", "The system cannot find the path specified.\r\n", 1),
        (r"type C:\nowhere.txt", "", "The system cannot find the file specified.\r\n", 1),
        (r"type D:\x", "", None, 1),
        (r"echo x> %TEMP%\..\..\..\..\..\..\y", "", None, 1),
        ("echo a &&", "", "The syntax of the command is incorrect.\r\n", 1),
        ("exit 5 & echo no", "", "", 5),
        ("set X=1&& cmd /c set X", "X=1\r\n", "", 0),
        (r"C:\Windows\System32\hostname.exe", "win-01\r\n", "", 0),
        ('cmd /s /c "hostname && exit 4"', "win-01\r\n", "", 4),
        ("powershell.exe whatever", "", "no program whatever\r\n", 1),
        ("powershell -NoProfile -Command hostname", "win-01\r\n", "", 0),
        ("powershell -EncodedCommand ZQBjAGgAbwAgAGgAaQA=", "hi\r\n", "", 0),
        ("powershell -EncodedCommand ZQ", "", "no program ZQ\r\n", 1),
        ("powershell -Command cmd /c exit 7", "", "", 1),
        ("reg query HKLM", "", None, 1),
        ("reg frob", "", 'ERROR: Invalid syntax.\r\nType "REG /?" for usage.\r\n', 1),
    ],
)
def test_lines(site: Site, line: str, out: str, err: str | None, code: int) -> None:
    result = site.session().run_cmd(line)
    assert (result.std_out.decode(), result.status_code) == (out, code)
    assert result.std_err.decode() == err or (err is None and result.std_err)


def test_files_are_made_read_and_removed(site: Site) -> None:
    session = site.session()
    line = r"mkdir C:\A\B & echo one> C:\A\B\f.txt&& echo two>> c:\a\b\F.TXT&& type C:\A\B\f.txt & dir /b C:\A\B"
    assert session.run_cmd(line).std_out == b"one\r\ntwo\r\nf.txt\r\n"
    assert session.run_cmd(r"rmdir C:\A").status_code == 145
    assert session.run_cmd(r"copy C:\A\B\f.txt C:\A\g.txt & del C:\A\B\f.txt & rmdir /s /q C:\A\B").status_code == 0
    assert [entry.name for entry in (site.host.folder / "C/A").iterdir()] == ["g.txt"]
    assert session.run_cmd(r"rmdir /s /q C:\A").status_code == 0


def test_a_service_is_registered_changed_and_deleted_by_hand(site: Site) -> None:
    session = site.session()
    assert session.run_cmd('sc.exe create Demo binPath= "C:\\demo app\\d.exe --x" start= demand').status_code == 0
    assert session.run_cmd("sc create Demo binPath= x").status_code == 1073
    assert session.run_cmd("sc config Demo start= delayed-auto depend= A/B obj= NT~SERVICE").status_code == 0
    assert session.run_cmd('sc description Demo "what it is"').status_code == 0
    assert session.run_cmd("sc failure Demo reset= 86400 actions= restart/5000/restart/15000").status_code == 0
    assert session.run_cmd("sc failureflag Demo 1 & sc sidtype Demo unrestricted").status_code == 0
    config = session.run_cmd("sc qc Demo").std_out.decode()
    assert "START_TYPE         : 2   AUTO_START  (DELAYED)\r\n" in config
    assert "BINARY_PATH_NAME   : C:\\demo app\\d.exe --x\r\n" in config
    assert "DEPENDENCIES       : A\r\n                           : B\r\n" in config
    values = site.host.kernel.reg_get(rf"{SERVICES}\Demo") or {}
    assert values["FailureActions"][1] == struct.pack("<9I", 86400, 0, 0, 2, 20, 1, 5000, 1, 15000).hex()
    assert values["FailureActionsOnNonCrashFailures"] == ("REG_DWORD", 1)
    assert values["ServiceSidType"] == ("REG_DWORD", 1)
    assert values["Description"] == ("REG_SZ", "what it is")
    assert b"RESTART -- Delay = 15000" in session.run_cmd("sc qfailure Demo").std_out
    assert b"STATE              : 1  STOPPED" in session.run_cmd("sc queryex Demo").std_out
    assert session.run_cmd("sc stop Demo").status_code == 1062
    assert session.run_cmd("sc config Demo start= disabled & sc start Demo").status_code == 1058
    assert session.run_cmd("sc delete Demo").status_code == 0
    missing = session.run_cmd("sc query Demo")
    assert missing.status_code == 1060
    assert missing.std_out.startswith(b"[SC] EnumQueryServicesStatus:OpenService FAILED 1060:\r\n\r\nThe specified")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("sc", 1639),
        ("sc frob Demo", 1639),
        ("sc create Nameless", 1639),
        ("sc create Demo binPath= x start= sometimes", 1639),
        ("sc failure Absent reset= 1 actions= restart/1", 1060),
        ("sc start Absent", 1060),
        ("sc delete Absent", 1060),
    ],
)
def test_sc_refuses(site: Site, line: str, code: int) -> None:
    assert site.session().run_cmd(line).status_code == code


@pytest.mark.parametrize(
    ("type_", "data", "kept", "shown"),
    [
        ("REG_SZ", "some text", "some text", "some text"),
        ("REG_DWORD", "0x10", 16, "0x10"),
        ("REG_BINARY", "0aFF", "0aff", "0AFF"),
        ("REG_MULTI_SZ", r"a\0b", ["a", "b"], r"a\0b"),
    ],
)
def test_registry_values_by_hand(site: Site, type_: str, data: str, kept: object, shown: str) -> None:
    session, key = site.session(), r"HKLM\SOFTWARE\Demo"
    assert session.run_cmd(f'reg add {key} /v Name /t {type_} /d "{data}" /f').status_code == 0
    assert (site.host.kernel.reg_get(key) or {})["Name"] == (type_, kept)
    out = session.run_cmd("reg query HKEY_LOCAL_MACHINE\\software\\demo /v name").std_out.decode()
    assert f"    Name    {type_}    {shown}\r\n" in out
    assert session.run_cmd(f"reg delete {key} /v Name /f").status_code == 0
    assert session.run_cmd(f"reg query {key} /v Name").status_code == 1
    assert session.run_cmd(f"reg delete {key} /f").status_code == 0
    assert site.host.kernel.reg_get(key) is None


@pytest.mark.parametrize("line", ["&", "a |", "a || ", "| a", "a && && b", "a & & b"])
def test_lines_that_mean_nothing(line: str) -> None:
    with pytest.raises(SyntaxFault):
        parse(line)


@pytest.mark.parametrize(
    ("line", "text"), [('"a b"', "a b"), ('""x" y"', '"x" y'), ("plain", "plain"), ('"x" y', "x y"), ('"', '"')]
)
def test_cmd_c_takes_the_outer_quotes(line: str, text: str) -> None:
    assert unquote_command(line) == text


@given(st.text(max_size=60))
def test_every_line_is_parsed_or_refused(line: str) -> None:
    try:
        steps = parse(line)
    except SyntaxFault:
        return
    assert all(step.pipeline for step in steps)


@given(st.text(alphabet="abc%", max_size=20))
def test_without_variables_nothing_is_expanded(line: str) -> None:
    assert expand(line, {}) == line
