"""pywinrm's transport and protocol, with what they lack: counting, a connect timeout, the envelope size."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from winrm.protocol import Protocol
from winrm.transport import Transport

from deploy.winrm.endpoint import Endpoint

Count = Callable[[int, int], None]
"""Told of each HTTP request, those of the login too: bytes sent, bytes received."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long one exchange may take: to connect, held by the host, to its answer. `repeats`: as `retry.TABLE` says."""

    connect_s: float
    hold_s: int
    read_s: float
    repeats: bool


STEADY = Pace(connect_s=10.0, hold_s=20, read_s=30.0, repeats=True)
HURRIED = Pace(connect_s=3.0, hold_s=5, read_s=8.0, repeats=False)
"""For what may fail: signs of life, and leaving."""
ENVELOPE_BYTES = 512_000
"""MaxEnvelopeSizekb of Windows since 2012; pywinrm asks for a third of it."""
_HEADERS_BYTES = 300
"""Estimate for one message's headers."""


class _CountingAdapter(HTTPAdapter):
    """Counts what passes; replies of the login come through here as well."""

    def __init__(self, transport: "PacedTransport") -> None:
        super().__init__()
        self._transport = transport

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        pace = self._transport.pace
        options["timeout"] = (pace.connect_s, pace.read_s)
        body = request.body or b""
        response = super().send(request, *args, **options)
        received = int(response.headers.get("Content-Length", 0))
        self._transport.count(len(body) + _HEADERS_BYTES, received + _HEADERS_BYTES)
        return response


class PacedTransport(Transport):
    """Puts the adapter into each session before its first request, which `build_session` itself may send."""

    count: Count
    pace: Pace = STEADY

    def _send_message_request(
        self, session: requests.Session, prepared_request: requests.PreparedRequest
    ) -> requests.Response:
        if not isinstance(session.get_adapter(self.endpoint), _CountingAdapter):
            session.mount(self.endpoint, _CountingAdapter(self))
        return super()._send_message_request(session, prepared_request)


class WsmanProtocol(Protocol):
    """Envelopes of a size that Windows takes today."""

    transport: PacedTransport

    def build_wsman_header(
        self,
        action: str,
        resource_uri: str,
        shell_id: str | None = None,
        message_id: str | uuid.UUID | None = None,
    ) -> dict[str, Any]:
        header = super().build_wsman_header(action, resource_uri, shell_id, message_id)
        header["env:Header"]["w:MaxEnvelopeSize"]["#text"] = str(ENVELOPE_BYTES)
        return header


def connect(endpoint: Endpoint, count: Count) -> WsmanProtocol:
    """A protocol object for the endpoint; nothing is sent yet. No proxy and no authority comes from the environment."""
    certificate, key = endpoint.certificate, endpoint.certificate_key
    settings: dict[str, Any] = {
        "endpoint": endpoint.url,
        "username": _as_sent(endpoint, endpoint.user),
        "password": _as_sent(endpoint, endpoint.password.reveal() if endpoint.password else ""),
        "ca_trust_path": str(endpoint.ca) if endpoint.ca else None,
        "cert_pem": str(certificate) if certificate else None,
        "cert_key_pem": str(key) if key else None,
        "read_timeout_sec": int(STEADY.read_s),
        "server_cert_validation": "validate" if endpoint.verify_tls else "ignore",
        "kerberos_delegation": endpoint.kerberos_delegation,
        "kerberos_hostname_override": endpoint.kerberos_hostname,
        "message_encryption": "always" if endpoint.scheme == "http" else "auto",
        "proxy": None,
    }
    protocol = WsmanProtocol(transport=endpoint.login, operation_timeout_sec=STEADY.hold_s, **settings)
    transport = PacedTransport(auth_method=endpoint.login, **settings)
    transport.count = count
    protocol.transport = transport
    return protocol


def _as_sent(endpoint: Endpoint, text: str) -> str:
    """requests writes Basic's user and password as Latin-1; this makes UTF-8 (RFC 7617) of it."""
    return text.encode("utf-8").decode("latin-1") if endpoint.login == "basic" else text
