"""Third-party clients must not be able to tell: pywinrm, pypsrp and testinfra, each with its own login."""

import threading
from typing import Any

import pytest
import testinfra
from pypsrp.client import Client
from requests.exceptions import SSLError
from winrm.exceptions import InvalidCredentialsError

from tests.sandbox.wsman.conftest import ADDRESS, PASSWORD, Site

UNKNOWN = b"'nonsense' is not recognized as an internal or external command,\r\noperable program or batch file.\r\n"
LOGINS = [("ntlm", False), ("ntlm", True), ("basic", True), ("certificate", True)]


@pytest.mark.parametrize(("transport", "tls"), LOGINS)
def test_pywinrm_logs_in_and_runs_commands(site: Site, transport: str, tls: bool) -> None:
    options: dict[str, Any] = {}
    if transport == "certificate":
        options = {"cert_pem": str(site.files.client), "cert_key_pem": str(site.files.client_key), "auth": ("", "")}
    session = site.session(transport, tls=tls, **options)
    assert session.run_cmd("hostname").std_out == b"win-01\r\n"
    assert session.run_cmd("echo", ["two", "words"]).std_out == b"two words\r\n"
    assert session.run_cmd("cmd", ["/c", "exit 7"]).status_code == 7
    unknown = session.run_cmd("nonsense", ["-s"])
    assert (unknown.status_code, unknown.std_out, unknown.std_err) == (1, b"", UNKNOWN)


@pytest.mark.parametrize(
    ("auth", "ssl"), [("ntlm", False), ("negotiate", False), ("negotiate", True), ("ntlm", True), ("basic", True)]
)
def test_pypsrp_logs_in_and_runs_commands(site: Site, auth: str, ssl: bool) -> None:
    http, https = site.host.wsman.ports
    port = https if ssl else http
    trust = str(site.files.ca) if ssl else True
    with Client(
        ADDRESS, username="deploy", password=PASSWORD, auth=auth, ssl=ssl, port=port, cert_validation=trust
    ) as client:
        assert client.execute_cmd("hostname") == ("win-01\r\n", "", 0)
        assert client.execute_cmd("cmd /c exit 7")[2] == 7
        assert client.execute_cmd("nonsense") == ("", UNKNOWN.decode(), 1)
        client.wsman.update_max_payload_size()
        assert client.wsman.max_envelope_size == 500 * 1024


def test_testinfra_reaches_it_with_its_own_backend(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
    ):  # pywinrm warns about these, and testinfra can't say otherwise
        monkeypatch.delenv(name, raising=False)
    http, _ = site.host.wsman.ports
    host = testinfra.get_host(f"winrm://deploy:{PASSWORD.replace(' ', '%20')}@{ADDRESS}:{http}?no_ssl=true")
    assert host.run("hostname").stdout == "win-01\r\n"
    assert host.run("uname -s").rc == 1
    assert host.check_output("echo %PROCESSOR_ARCHITECTURE%").strip() == "AMD64"
    assert "Windows" in host.run('systeminfo | findstr /B /C:"OS"').stdout


@pytest.mark.parametrize("user", ["deploy", r".\deploy", r"WIN-01\deploy", "DEPLOY"])
def test_the_account_may_be_written_in_several_ways(site: Site, user: str) -> None:
    assert site.session(auth=(user, PASSWORD)).run_cmd("whoami").std_out == b"win-01\\deploy\r\n"


@pytest.mark.parametrize(("transport", "tls"), [("ntlm", False), ("ntlm", True), ("basic", True)])
@pytest.mark.parametrize("auth", [("deploy", "wrong"), ("nobody", PASSWORD), (r"OTHER\deploy", PASSWORD)])
def test_wrong_credentials_are_refused(site: Site, transport: str, tls: bool, auth: tuple[str, str]) -> None:
    with pytest.raises(InvalidCredentialsError):
        site.session(transport, tls=tls, auth=auth).run_cmd("hostname")


def test_basic_is_not_offered_without_tls(site: Site) -> None:
    with pytest.raises(InvalidCredentialsError):
        site.session("basic").run_cmd("hostname")


def test_certificates_are_checked_by_the_client(site: Site) -> None:
    with pytest.raises(SSLError):
        site.session(tls=True, ca_trust_path=None).run_cmd("hostname")


def test_environment_and_directory_are_honoured(site: Site) -> None:
    protocol = site.protocol()
    shell = protocol.open_shell(working_directory=r"C:\Windows", env_vars={"GREETING": "good day"}, codepage=65001)
    command = protocol.run_command(shell, "cd & echo %greeting% & set GREET")
    out, err, code = protocol.get_command_output(shell, command)
    assert (out, err, code) == (b"C:\\Windows\r\ngood day \r\nGREETING=good day\r\n", b"", 0)
    protocol.close_shell(shell)


@pytest.mark.parametrize(("codepage", "text"), [(65001, "žluť".encode()), (437, b"?lu?")])
def test_output_has_the_code_page_of_the_shell(site: Site, codepage: int, text: bytes) -> None:
    protocol = site.protocol()
    shell = protocol.open_shell(codepage=codepage)
    command = protocol.run_command(shell, "echo žluť")
    assert protocol.get_command_output(shell, command)[0] == text + b"\r\n"


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
