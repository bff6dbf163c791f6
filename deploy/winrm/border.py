"""Where errors of pywinrm, requests and NTLM become ours. What they carry may hold a password: it stays behind."""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from winrm.exceptions import (
    InvalidCredentialsError,
    WinRMError,
    WinRMOperationTimeoutError,
    WinRMTransportError,
    WSManFaultError,
)

from deploy.winrm.errors import Kind, WinrmError, WinrmTimeout
from deploy.winrm.retry import FAULTS

HTTP: dict[int, tuple[Kind, str]] = {
    400: (Kind.STALE_LOGIN, "the host could not decrypt the request (HTTP 400)"),
    413: (Kind.TOO_LARGE, "the request was larger than the host takes (HTTP 413)"),
    503: (Kind.UNAVAILABLE, "the WinRM service is not available (HTTP 503)"),
}
# The first that fits counts: requests' ConnectTimeout is also a ConnectionError, and all of them are OSErrors.
_PLAIN: tuple[tuple[type[Exception] | tuple[type[Exception], ...], type[WinrmError], Kind, str], ...] = (
    (WinRMOperationTimeoutError, WinrmError, Kind.NOTHING_YET, "the operation had no result in time"),
    ((InvalidCredentialsError, PermissionError), WinrmError, Kind.LOGIN_REFUSED, "the host refused the login"),
    (requests.exceptions.SSLError, WinrmError, Kind.UNTRUSTED, "its certificate is not to be trusted"),
    (requests.exceptions.ConnectTimeout, WinrmTimeout, Kind.UNREACHABLE, "no connection in time"),
    (requests.exceptions.Timeout, WinrmTimeout, Kind.LOST, "no answer in time"),
    (OSError, WinrmError, Kind.LOST, "the connection was lost"),
    (WinRMError, WinrmError, Kind.BROKEN, "pywinrm refused the request or the answer"),
)
_NEVER_CONNECTED = ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "MaxRetryError")


@contextmanager
def winrm_errors(host: str) -> Iterator[None]:
    """Raises WinrmError or WinrmTimeout for whatever goes wrong inside, with the scrubbed cause."""
    try:
        yield
    except WinrmError:
        raise
    except Exception as exc:  # noqa: BLE001  # pywinrm lets errors of five libraries through
        error = _translate(host, exc)
        raise error from _scrubbed(exc)


def _translate(host: str, exc: Exception) -> WinrmError:
    """Our error for a foreign one."""
    if isinstance(exc, WSManFaultError):
        return _fault(host, exc)
    if isinstance(exc, WinRMTransportError):
        return _http(host, exc)
    if isinstance(exc, requests.exceptions.ConnectionError) and _never_connected(exc):
        return WinrmError(host, Kind.UNREACHABLE, "no connection")
    for types, error, kind, what in _PLAIN:
        if isinstance(exc, types):
            return error(host, kind, what)
    return WinrmError(host, Kind.BROKEN, f"the answer is not WS-Man's ({type(exc).__name__})")


def _http(host: str, exc: WinRMTransportError) -> WinrmError:
    """An HTTP status without a SOAP fault. Only an empty 400 is the one that a stale login gets."""
    kind, what = HTTP.get(exc.code, (Kind.BROKEN, f"the host answered HTTP {exc.code}"))
    if kind is Kind.STALE_LOGIN and exc.response_text:
        kind = Kind.BROKEN
    return WinrmError(host, kind, what)


def _fault(host: str, exc: WSManFaultError) -> WinrmError:
    """A SOAP fault; quota faults may come as WMI errors, without a fault code."""
    code = exc.wsman_fault_code if exc.wsman_fault_code is not None else exc.wmierror_code
    kind = FAULTS.get(code, Kind.BROKEN) if code is not None else Kind.BROKEN
    return WinrmError(host, kind, f"WinRM fault {code}: {(exc.reason or '').strip()[:300]}")


def _never_connected(exc: requests.exceptions.ConnectionError) -> bool:
    """Whether no byte can have been sent, for another reason than the certificate."""
    if isinstance(exc, requests.exceptions.SSLError):
        return False
    cause = exc.args[0] if exc.args else None
    reason = getattr(cause, "reason", None)
    return any(type(item).__name__ in _NEVER_CONNECTED for item in (cause, reason))


def _scrubbed(exc: Exception) -> Exception:
    """The cause without what could hold a secret: request, response, frames with their variables."""
    if isinstance(exc, requests.exceptions.RequestException):
        exc.request = exc.response = None
    exc.__cause__ = exc.__context__ = None
    return exc.with_traceback(None)
