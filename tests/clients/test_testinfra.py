"""testinfra's own `winrm://` backend."""

from typing import Any
from urllib.parse import quote

import pytest
import testinfra

from deploy.sandbox.wsman.server import HTTP_PORT
from tests.clients.conftest import Site, only_builtin, only_powershell


class Unprinted(str):
    """A password as pytest shows a failed call's arguments."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


@pytest.fixture
def host(site: Site, monkeypatch: pytest.MonkeyPatch) -> Any:
    """pywinrm warns about these variables, and testinfra can't tell it otherwise.

    The password is not in the address: a failure would show that, with all that is cut out of it on the way.
    """
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    user, password = site.auth
    made = testinfra.get_host(f"winrm://{quote(user, safe='')}@{site.address}:{HTTP_PORT}?no_ssl=true")
    made.backend.conn_args["password"] = Unprinted(password)
    return made


def test_the_password_is_in_nothing_that_a_failure_shows(site: Site, host: Any) -> None:
    _, password = site.auth
    shown = f"{host!r} {host.backend!r} {host.backend.host!r} {host.backend.conn_args!r}"
    assert password not in shown, "the password"


def test_run(site: Site, host: Any) -> None:
    assert host.run("hostname").stdout == f"{site.engine.computer}\r\n"
    answer = host.run('echo "a  b"& echo wrong>&2& exit 9')
    assert (answer.rc, answer.stdout, answer.stderr) == (9, '"a  b"\r\n', "wrong\r\n")
    assert host.check_output("echo %PROCESSOR_ARCHITECTURE%").strip() == "AMD64"
    code, said = site.engine.unknown
    unknown = host.run("nonsense -s")
    assert (unknown.rc, unknown.stderr) == (code, said)


@only_powershell
def test_run_starts_a_powershell(host: Any) -> None:
    answer = host.run("powershell -NoProfile -Command \"'a b'; exit 6\"")
    assert (answer.rc, answer.stdout.strip(), answer.stderr) == (6, "a b", "")


@only_builtin
def test_it_knows_windows_by_an_unknown_command(host: Any) -> None:
    assert host.run("uname -s").rc == 1
    assert host.system_info.type == "windows"
    assert "Windows" in host.run('systeminfo | findstr /B /C:"OS"').stdout


@only_powershell
def test_it_does_not_know_wine(host: Any) -> None:
    """An unknown command ends as on Windows, but Wine's `systeminfo` says nothing of what testinfra looks for then."""
    assert host.run("uname -s").rc == 1
    assert host.system_info.type is None
    assert "OS Name" not in host.run("systeminfo").stdout
