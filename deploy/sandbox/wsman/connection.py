"""One HTTP connection of a client: login, sealing, limits; each request goes to the host's operations."""

import http.server
import socket
import struct
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from deploy.sandbox.wsman import envelope, sealing
from deploy.sandbox.wsman.faults import Fault, access_denied
from deploy.sandbox.wsman.login import Login

if TYPE_CHECKING:
    from deploy.sandbox.wsman.listener import Listener

SEALING_OVERHEAD = 4096
DRAIN_LIMIT = 64 * 1024 * 1024
SOAP = "application/soap+xml;charset=UTF-8"


class Dropped(Exception):  # noqa: N818  # an injected event
    """The connection is to break without an answer."""


class Connection(http.server.BaseHTTPRequestHandler):
    """The handler of one connection; it lives as long as that does."""

    protocol_version = "HTTP/1.1"
    server_version = "Microsoft-HTTPAPI/2.0"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 120
    server: "Listener"

    def setup(self) -> None:
        """A connection starts without a login."""
        super().setup()
        host = self.server.host
        certificate_user = self.server.certificate_user(self.connection)
        self._login = Login(host.accounts, self.server.secure, certificate_user, host.injection.refuses_login)

    def do_GET(self) -> None:
        """Nothing is served this way; Windows says 405."""
        self._reply(HTTPStatus.METHOD_NOT_ALLOWED, close=True)

    def do_POST(self) -> None:
        """One WS-Man request."""
        self._what, self._received_bytes = "rejected", 0
        try:
            self._serve()
        except Dropped:
            self._reset()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Silent: what clients do is in the events of whoever tests."""

    def _serve(self) -> None:
        body = self._body()
        if body is None:
            return
        if latency_s := self.server.host.injection.latency_s():
            time.sleep(latency_s)
        verdict = self._login.weigh(self.headers.get("Authorization", ""))
        if not verdict.accepted:
            self._what = "login"
            self._reply(HTTPStatus.UNAUTHORIZED, headers=[("WWW-Authenticate", value) for value in verdict.challenges])
            return
        sealed = sealing.is_sealed(self.headers.get("Content-Type", ""))
        if sealed:
            try:
                body = sealing.unseal(self._login.context, body)
            except sealing.UnsealError:
                self._reply(HTTPStatus.BAD_REQUEST)
                return
        if not body:
            self._what = "empty"
            self._reply(HTTPStatus.OK)
        elif len(body) > self.server.host.quotas.max_envelope:
            self._reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        elif not sealed and not self.server.secure:
            # AllowUnencrypted is false, as by default.
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, envelope.fault(access_denied(), "", self._machine), False)
        else:
            self._answer(*self._carry_out(body), sealed)

    def _body(self) -> bytes | None:
        """The request's body; None when the request was answered already."""
        length = self.headers.get("Content-Length", "")
        if self.path.partition("?")[0].rstrip("/").lower() != "/wsman":
            self._reply(HTTPStatus.NOT_FOUND, close=True)
        elif not length.isdecimal():
            self._reply(HTTPStatus.LENGTH_REQUIRED, close=True)
        elif int(length) > self.server.host.quotas.max_envelope + SEALING_OVERHEAD:
            self._drain(int(length))
            self._reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, close=True)
        else:
            self._received_bytes = int(length)
            return self.rfile.read(int(length))
        return None

    def _drain(self, length: int) -> None:
        """Reads on, so that the client sees the answer rather than a broken pipe."""
        left = min(length, DRAIN_LIMIT)
        while left > 0 and (data := self.rfile.read(min(left, 65536))):
            left -= len(data)

    def _carry_out(self, body: bytes) -> tuple[HTTPStatus, bytes]:
        host, message_id = self.server.host, ""
        try:
            request = envelope.parse(body)
            message_id, self._what = request.message_id, request.action
            host.strike("before", request.action, Dropped)
            answer = envelope.answer(request, host.operations.carry_out(request, self._login.user or ""))
            host.strike("after", request.action, Dropped)
        except Fault as fault:
            return HTTPStatus.INTERNAL_SERVER_ERROR, envelope.fault(fault, message_id, self._machine)
        return HTTPStatus.OK, answer

    def _answer(self, status: HTTPStatus, xml: bytes, sealed: bool) -> None:
        if sealed:
            self._reply(status, sealing.seal(self._login.context, xml), sealing.CONTENT_TYPE)
        else:
            self._reply(status, xml, SOAP)

    @property
    def _machine(self) -> str:
        return self.server.host.name

    def _reply(
        self,
        status: HTTPStatus,
        body: bytes = b"",
        content_type: str = "",
        headers: list[tuple[str, str]] | None = None,
        close: bool = False,
    ) -> None:
        self.send_response(status)
        token = self._login.take_final_token() if status != HTTPStatus.UNAUTHORIZED else None
        for name, value in [*(headers or []), *([("WWW-Authenticate", token)] if token else [])]:
            self.send_header(name, value)
        if content_type:
            self.send_header("Content-Type", content_type)
        if close:
            self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "POST":
            # Before the answer: whoever has it finds it counted.
            self.server.host.traffic.count(self._what, self._received_bytes, len(body))
        self.wfile.write(body)
        self.wfile.flush()

    def _reset(self) -> None:
        """Ends the connection the hard way, as a cut cable does once the peer notices."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.server.close_socket(self.connection)
