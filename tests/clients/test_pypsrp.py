"""pypsrp: commands over WinRS. What it sends over PSRP has no place to go: the hosts' WS-Man has shells of cmd only."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pypsrp.client import Client
from pypsrp.exceptions import WSManFaultError

from deploy.sandbox.wsman.server import HTTP_PORT, HTTPS_PORT
from tests.clients.conftest import Site, only_powershell

LOGINS = [("ntlm", False), ("negotiate", False), ("negotiate", True), ("ntlm", True), ("basic", True)]
NO_PSRP = (
    "The WS-Management service cannot process the request. The resource URI "
    "(http://schemas.microsoft.com/powershell/Microsoft.PowerShell) was not found."
)


def connect(site: Site, auth: str = "ntlm", *, tls: bool = False) -> Client:
    user, password = site.auth
    return Client(
        site.address,
        username=user,
        password=password,
        auth=auth,
        ssl=tls,
        port=HTTPS_PORT if tls else HTTP_PORT,
        cert_validation=str(site.folder.certificates.ca) if tls else True,
        no_proxy=True,
    )


@pytest.mark.parametrize(("auth", "tls"), LOGINS)
def test_it_logs_in(site: Site, auth: str, tls: bool) -> None:
    with connect(site, auth, tls=tls) as client:
        assert client.execute_cmd("hostname") == (f"{site.engine.computer}\r\n", "", 0)
        client.wsman.update_max_payload_size()
        assert client.wsman.max_envelope_size == 500 * 1024


def test_execute_cmd(site: Site) -> None:
    with connect(site) as client:
        assert client.execute_cmd('echo "a  b"& echo wrong>&2& exit 9') == ('"a  b"\r\n', "wrong\r\n", 9)
        assert client.execute_cmd("cmd /c exit 7")[2] == 7
        assert client.execute_cmd("echo %MINE%", environment={"MINE": "a b"})[0] == "a b\r\n"
        code, said = site.engine.unknown
        assert client.execute_cmd("nonsense -s") == ("", said, code)


@only_powershell
def test_execute_cmd_starts_a_powershell(site: Site) -> None:
    with connect(site) as client:
        script = "\"[Console]::Out.Write('a b'); [Console]::Error.Write('c'); exit 3\""
        assert client.execute_cmd(f"powershell -NoProfile -NonInteractive -Command {script}") == ("a b", "c", 3)


@pytest.mark.parametrize("what", ["execute_ps", "copy", "fetch"])
def test_what_needs_psrp_is_refused_by_name(site: Site, what: str, tmp_path: Path) -> None:
    """`copy` and `fetch` are scripts in a PSRP runspace, as `execute_ps` is; none of them sends anything over WinRS."""
    local = tmp_path / "file"
    local.write_text("content")
    with connect(site) as client:
        calls: dict[str, Callable[[], Any]] = {
            "execute_ps": lambda: client.execute_ps("1"),
            "copy": lambda: client.copy(str(local), r"C:\file"),
            "fetch": lambda: client.fetch(r"C:\windows\win.ini", str(local)),
        }
        with pytest.raises(WSManFaultError) as refused:
            calls[what]()
    assert (refused.value.code, refused.value.reason) == (2150858752, NO_PSRP)
    assert local.read_text() == "content"
