"""pywinrm: every login, streams, exit codes, quotes, code pages, and `run_ps` where there is a PowerShell."""

import threading
from typing import Any

import pytest
from requests.exceptions import SSLError
from winrm.exceptions import InvalidCredentialsError

from tests.clients.conftest import NO_POWERSHELL, Site, only_builtin, only_powershell

LOGINS = [("ntlm", False), ("ntlm", True), ("basic", True), ("certificate", True)]


@pytest.mark.parametrize(("transport", "tls"), LOGINS)
def test_it_logs_in(site: Site, transport: str, tls: bool) -> None:
    options: dict[str, Any] = {}
    if transport == "certificate":
        files = site.folder.certificates
        options = {"cert_pem": str(files.client), "cert_key_pem": str(files.client_key), "auth": ("", "")}
    answer = site.session(transport, tls=tls, **options).run_cmd("hostname")
    assert answer.std_out.decode() == f"{site.engine.computer}\r\n"


@pytest.mark.parametrize("user", ["deploy", r".\deploy", r"WEB01\deploy", "DEPLOY"])
def test_the_account_may_be_written_in_several_ways(site: Site, user: str) -> None:
    assert site.session(auth=(user, site.auth[1])).run_cmd("echo", ["in"]).std_out == b"in\r\n"


@pytest.mark.parametrize(("transport", "tls"), [("ntlm", False), ("ntlm", True), ("basic", True)])
@pytest.mark.parametrize("user", ["deploy", "nobody", r"OTHER\deploy"])
def test_wrong_credentials_are_refused(site: Site, transport: str, tls: bool, user: str) -> None:
    password = "wrong" if user == "deploy" else site.auth[1]
    with pytest.raises(InvalidCredentialsError):
        site.session(transport, tls=tls, auth=(user, password)).run_cmd("hostname")


def test_basic_is_not_offered_without_tls(site: Site) -> None:
    with pytest.raises(InvalidCredentialsError):
        site.session("basic").run_cmd("hostname")


def test_certificates_are_checked_by_the_client(site: Site) -> None:
    with pytest.raises(SSLError):
        site.session(tls=True, ca_trust_path=None).run_cmd("hostname")


@pytest.mark.parametrize(
    ("command", "arguments", "expected"),
    [
        ("echo", ["two", "words"], (0, b"two words\r\n", b"")),
        ("echo", ['"a  b"', "c"], (0, b'"a  b" c\r\n', b"")),
        ("cmd", ["/c", "exit 7"], (7, b"", b"")),
        ("cmd", ["/c", 'echo "x y"'], (0, b'"x y"\r\n', b"")),
        ("echo out& echo wrong>&2& exit 9", [], (9, b"out\r\n", b"wrong\r\n")),
        ("sc.exe", ["query", "nosuch"], (1060, None, b"")),
    ],
)
def test_streams_arguments_and_exit_code(
    site: Site, command: str, arguments: list[str], expected: tuple[int, bytes | None, bytes]
) -> None:
    answer = site.session().run_cmd(command, arguments)
    code, out, err = expected
    assert (answer.status_code, answer.std_err) == (code, err), answer.std_out
    assert out is None or answer.std_out == out


def test_quotes_reach_programs_as_on_windows(site: Site) -> None:
    session = site.session()
    image = r'"C:\a b\x.exe" --k v'
    escaped = image.replace('"', r"\"")
    assert session.run_cmd("sc.exe", ["create", "Quoted", "binPath=", f'"{escaped}"']).status_code == 0
    assert f"BINARY_PATH_NAME   : {image}\r\n".encode() in session.run_cmd("sc.exe qc Quoted").std_out
    key, said = r'"HKLM\SOFTWARE\two words"', 'say "hi" & go'
    data = said.replace('"', r"\"")
    assert session.run_cmd("reg.exe", ["add", key, "/v", "n", "/d", f'"{data}"', "/f"]).status_code == 0
    assert f"    n    REG_SZ    {said}\r\n".encode() in session.run_cmd("reg.exe", ["query", key]).std_out


def test_an_unknown_command(site: Site) -> None:
    code, said = site.engine.unknown
    answer = site.session().run_cmd("nonsense", ["-s"])
    assert (answer.status_code, answer.std_out, answer.std_err) == (code, b"", said.encode())


def test_environment_and_directory_are_honoured(site: Site) -> None:
    protocol = site.protocol()
    shell = protocol.open_shell(working_directory=r"C:\Windows", env_vars={"GREETING": "good day"}, codepage=65001)
    command = protocol.run_command(shell, "cd & echo %greeting%& set GREET")
    out, err, code = protocol.get_command_output(shell, command)
    folder, *rest = out.decode().split("\r\n")
    assert (folder.lower(), rest, err, code) == (r"c:\windows", ["good day", "GREETING=good day", ""], b"", 0)
    protocol.close_shell(shell)


@only_builtin
@pytest.mark.parametrize(("codepage", "text"), [(65001, "žluť Grüße".encode()), (437, b"?lu? Gr\x81\xe1e")])
def test_output_has_the_code_page_of_the_shell(site: Site, codepage: int, text: bytes) -> None:
    assert _echo(site, codepage, "žluť Grüße") == text + b"\r\n"


@only_powershell
@pytest.mark.parametrize(("codepage", "intact"), [(437, True), (65001, False)])
def test_wine_reads_lines_in_code_page_437_and_answers_in_1252(site: Site, codepage: int, intact: bool) -> None:
    """Its cmd.exe has no chcp: what a shell asks for has no effect. Scripts of `run_ps` aren't touched by that."""
    assert (_echo(site, codepage, "Grüße") == "Grüße\r\n".encode("cp1252")) is intact


def _echo(site: Site, codepage: int, text: str) -> bytes:
    protocol = site.protocol()
    shell = protocol.open_shell(codepage=codepage)
    out: bytes = protocol.get_command_output(shell, protocol.run_command(shell, f"echo {text}"))[0]
    protocol.close_shell(shell)
    return out


def test_eight_shells_at_once(site: Site) -> None:
    answers: list[bytes] = []

    def one(number: int) -> None:
        session = site.session()
        answers.extend(session.run_cmd("echo", [f"{number}-{turn}"]).std_out for turn in range(3))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == sorted(f"{number}-{turn}\r\n".encode() for number in range(8) for turn in range(3))


@only_powershell
@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("'žluť €'; [Console]::Error.WriteLine('wrong'); exit 7", (7, "žluť €", "wrong")),
        ("\"a 'b'\"; 'say \"hi\" & go | %PATH%'", (0, "a 'b'\nsay \"hi\" & go | %PATH%", "")),
        ("Write-Progress -Activity x -Status y -PercentComplete 5; 'ok'", (0, "ok", "")),
        ("foreach ($n in 1..3) {\n  $n * 2\n}", (0, "2\n4\n6", "")),
    ],
)
def test_run_ps(site: Site, script: str, expected: tuple[int, str, str]) -> None:
    answer = site.session().run_ps(script)
    out, err = (stream.decode().replace("\r\n", "\n").strip() for stream in (answer.std_out, answer.std_err))
    assert (answer.status_code, out, err) == expected


@only_powershell
@pytest.mark.parametrize("script", ["throw 'bad thing'", "Get-Item 'C:\\bad thing'", "Write-Error 'bad thing'"])
def test_run_ps_that_fails(site: Site, script: str) -> None:
    answer = site.session().run_ps(script)
    assert (answer.status_code, answer.std_out) == (1, b"")
    assert "bad thing" in answer.std_err.decode()


@only_builtin
def test_run_ps_is_refused_where_there_is_no_powershell(site: Site) -> None:
    answer = site.session().run_ps("1 + 1")
    assert (answer.status_code, answer.std_out, answer.std_err.decode()) == (1, b"", f"{NO_POWERSHELL}\r\n")
