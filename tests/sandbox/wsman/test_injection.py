"""Faults of the connection, the power switch, and what the listener does with requests that are no good."""

import contextlib
import socket
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.exceptions import ConnectionError as Broken
from winrm.exceptions import InvalidCredentialsError, WSManFaultError

from deploy.sandbox.wsman import sealing
from deploy.sandbox.wsman.envelope import duration_s, parse
from deploy.sandbox.wsman.faults import Fault
from deploy.sandbox.wsman.injection import Injection
from tests.sandbox.wsman.conftest import PASSWORD, Site, wait_until

ENVELOPE = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><s:Header>{}</s:Header><s:Body/></s:Envelope>'
)


@pytest.mark.parametrize(("label", "executed"), [("before:Command", False), ("after:Command", True)])
def test_a_dropped_connection_leaves_open_whether_the_command_ran(site: Site, label: str, executed: bool) -> None:
    protocol = site.protocol()
    shell = protocol.open_shell()
    site.host.wsman.injection.arm("drop-connection", label)
    with pytest.raises(Broken):
        protocol.run_command(shell, r"echo ran> C:\Windows\Temp\ran.txt")
    file = site.host.folder / "C/Windows/Temp/ran.txt"
    if executed:
        wait_until(file.exists)
        file.unlink()
    assert not file.exists()
    assert site.session().run_cmd("hostname").status_code == 0


def test_a_deleted_shell_is_not_found(site: Site) -> None:
    protocol = site.protocol()
    shell = protocol.open_shell()
    site.host.wsman.injection.arm("delete-shell", "before:Command")
    with pytest.raises(WSManFaultError) as caught:
        protocol.run_command(shell, "hostname")
    assert caught.value.wsman_fault_code == 2150858843


def test_logins_are_refused_until_the_fault_is_cleared(site: Site) -> None:
    site.host.wsman.injection.arm("refuse-login", "")
    with pytest.raises(InvalidCredentialsError):
        site.session().run_cmd("hostname")
    site.host.wsman.injection.clear("refuse-login")
    assert site.session().run_cmd("hostname").status_code == 0


def test_without_power_nobody_answers_and_afterwards_it_is_the_same_host(site: Site) -> None:
    protocol = site.protocol()
    shell = protocol.open_shell()
    site.host.power_off()
    with pytest.raises(Broken):
        protocol.run_command(shell, "hostname")
    site.host.power_on()
    with pytest.raises(WSManFaultError) as caught:
        site.protocol().run_command(shell, "hostname")
    assert caught.value.wsman_fault_code == 2150858843


@pytest.mark.parametrize("kind", ["delete-shell", "drop-connection", "reboot"])
def test_faults_of_the_machine_reach_the_wire(site: Site, kind: str) -> None:
    protocol = site.protocol()
    shell = protocol.open_shell()
    boot = site.host.system()["boot_id"]
    site.host.faults.arm({"kind": kind})
    if kind != "delete-shell":
        with pytest.raises(Exception, match=r"400|Connection"):
            protocol.run_command(shell, "hostname")
    assert site.host.wsman.operations.shells.count() == (1 if kind == "drop-connection" else 0)
    assert (site.host.system()["boot_id"] != boot) == (kind == "reboot")
    assert site.session().run_cmd("hostname").status_code == 0


@pytest.mark.parametrize(
    ("kind", "label"), [("fire", ""), ("latency", "fast"), ("drop-connection", "while:Command"), ("delete-shell", "3")]
)
def test_a_fault_that_makes_no_sense_is_not_armed(kind: str, label: str) -> None:
    injection = Injection()
    with pytest.raises(ValueError, match=r"fault|milliseconds|before"):
        injection.arm(kind, label)
    assert injection.armed() == {}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/wsman", "", 401),
        ("POST", "/elsewhere", "", 404),
        ("GET", "/wsman", "", 405),
        ("POST", "/wsman", "x" * 600_000, 413),
    ],
)
def test_requests_that_are_no_good(site: Site, method: str, path: str, body: str, status: int) -> None:
    response = requests.request(method, site.http.removesuffix("/wsman") + path, data=body, timeout=5)
    assert response.status_code == status
    assert ("WWW-Authenticate" in response.headers) == (status == 401)


def test_a_body_without_length_is_not_read(site: Site) -> None:
    response = requests.post(site.http, data=iter([b"x"]), timeout=5)
    assert response.status_code == 411


def test_a_message_that_cannot_be_unsealed_is_400_without_a_body(site: Site) -> None:
    """A client that was cut off and logs in again sends a body that was sealed for the old connection."""
    protocol = site.protocol()
    protocol.open_shell()
    session = protocol.transport.session
    site.host.wsman.drop_connections()
    with pytest.raises(Exception, match="400"):
        protocol.open_shell()
    assert session is not None


def test_plain_messages_over_http_are_refused(site: Site) -> None:
    with pytest.raises(WSManFaultError) as caught:
        site.protocol(message_encryption="never").open_shell()
    assert caught.value.wsman_fault_code == 5


def test_garbage_on_the_tls_port_harms_nobody(site: Site) -> None:
    _, https = site.host.wsman.ports
    with socket.create_connection((site.host.address, https)) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            assert b"200" not in connection.recv(100)
    assert site.session("basic", tls=True, auth=("deploy", PASSWORD)).run_cmd("hostname").status_code == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT20S", 20), ("PT0.5S", 0.5), ("P1DT1H1M1S", 90061), ("PT7200S", 7200), ("20", None), ("P", None), ("", None)],
)
def test_durations(text: str, seconds: float | None) -> None:
    if seconds is None:
        with pytest.raises(Fault) as caught:
            duration_s(text)
        assert caught.value.code == 2150858817
    else:
        assert duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "<a>", "<a/>", ENVELOPE.format("")])
def test_envelopes_that_are_none(text: str) -> None:
    with pytest.raises(Fault) as caught:
        parse(text.encode())
    assert caught.value.code == 2150858817


class Backwards:
    """A security context whose cipher is reversal."""

    def wrap_winrm(self, data: bytes) -> Any:
        return type("Wrapped", (), {"header": b"sig", "data": data[::-1], "padding_length": 0})

    def unwrap_winrm(self, header: bytes, data: bytes) -> bytes:
        assert header == b"sig"
        return data[::-1]


@given(st.binary(max_size=300))
def test_sealing_and_unsealing_are_inverse(data: bytes) -> None:
    assert sealing.unseal(Backwards(), sealing.seal(Backwards(), data)) == data


@given(st.binary(max_size=300))
def test_anything_else_is_not_unsealed(data: bytes) -> None:
    with pytest.raises(sealing.UnsealError):
        sealing.unseal(Backwards(), data)
