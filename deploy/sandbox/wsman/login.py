"""Logging in, once per TCP connection: Negotiate, NTLM, Basic over TLS, client certificates over TLS."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import spnego

from deploy.sandbox.wsman.accounts import Accounts

CERTIFICATE_PROFILE = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a request's Authorization header came to: go on, or answer 401 with these WWW-Authenticate values."""

    accepted: bool
    challenges: tuple[str, ...] = ()


ACCEPTED = Verdict(True)


class Login:
    """The login of one connection. `secure` is TLS, `certificate_user` the CN of a client certificate our CA signed."""

    def __init__(
        self, accounts: Accounts, secure: bool, certificate_user: str | None, refused: Callable[[], bool]
    ) -> None:
        self._accounts = accounts
        self._secure = secure
        self._certificate_user = certificate_user
        self._refused = refused
        self.user: str | None = None
        self.context: Any = None
        self.final_token: str | None = None

    def weigh(self, authorization: str) -> Verdict:
        """Judges one request of the connection; a connection that has logged in stays so until it tries anew."""
        kind, _, value = authorization.partition(" ")
        match kind.lower():
            case "":
                return ACCEPTED if self.user else self._refuse()
            case "basic" if self._secure:
                return self._take(self._basic(value))
            case "ntlm" | "negotiate":
                return self._negotiate(kind, value)
            case _ if authorization == CERTIFICATE_PROFILE and self._certificate_user:
                return self._take(self._accounts.known(self._certificate_user))
        return self._refuse()

    def take_final_token(self) -> str | None:
        """The security context's last word: it belongs on the first answer after the login."""
        token, self.final_token = self.final_token, None
        return token

    def _take(self, user: str | None) -> Verdict:
        if user is None or self._refused():
            return self._refuse()
        self.user, self.context = user, None
        return ACCEPTED

    def _refuse(self) -> Verdict:
        self.user = self.context = self.final_token = None
        return Verdict(False, ("Negotiate", 'Basic realm="WSMAN"') if self._secure else ("Negotiate",))

    def _basic(self, value: str) -> str | None:
        try:
            name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return self._accounts.check(name, password)

    def _negotiate(self, kind: str, value: str) -> Verdict:
        if self.context is None or self.context.complete:
            self.user = None
            # The Python providers only: a system GSSAPI would look for its accounts elsewhere.
            self.context = spnego.server(protocol="negotiate", options=spnego.NegotiateOptions.use_negotiate)
        try:
            with self._accounts.in_force():
                token = self.context.step(base64.b64decode(value))
        except Exception:  # noqa: BLE001  # wrong password, unknown user, garbage: all are one refusal
            return self._refuse()
        reply = f"{kind} {base64.b64encode(token).decode()}" if token else None
        if not self.context.complete:
            return Verdict(False, (reply or kind,))
        if self._refused():
            return self._refuse()
        self.user = self._accounts.known(str(self.context.client_principal or ""))
        if self.user is None:
            return self._refuse()
        self.final_token = reply
        return ACCEPTED
