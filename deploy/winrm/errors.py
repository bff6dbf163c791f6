"""How talking to a host can fail. All are OSErrors: what uses a connection expects those, and stops one host only."""

from enum import StrEnum


class Kind(StrEnum):
    """What happened, as far as it decides what to do next; `retry.TABLE` has a row for each."""

    UNREACHABLE = "unreachable"
    UNTRUSTED = "untrusted"
    LOGIN_REFUSED = "login-refused"
    STALE_LOGIN = "stale-login"
    TOO_LARGE = "too-large"
    UNAVAILABLE = "unavailable"
    NOTHING_YET = "nothing-yet"
    BUSY = "busy"
    LOST = "lost"
    SHELL_GONE = "shell-gone"
    QUOTA = "quota"
    DENIED = "denied"
    SCHEMA = "schema"
    BROKEN = "broken"
    DIED = "died"


NEXT: dict[Kind, str] = {
    Kind.UNREACHABLE: "check name, network, firewall and that WinRM is running",
    Kind.UNTRUSTED: "set winrm_ca to the authority that signed the host's certificate",
    Kind.LOGIN_REFUSED: "check winrm_user and winrm_password; the account must be an administrator",
    Kind.QUOTA: "close other WinRM shells of this account, or wait for their idle timeout",
    Kind.DENIED: "the account must be an administrator of the host",
    Kind.SCHEMA: "a defect: please report it with the run's log",
    Kind.BROKEN: "a defect, or a proxy between controller and host: please report it with the run's log",
}


class WinrmError(OSError):
    """A failed exchange. `started`: whether what was asked for may have been carried out nevertheless."""

    def __init__(self, host: str, kind: Kind, what: str, started: bool = False) -> None:
        super().__init__(f"{host}: {what}")
        self.host, self.kind, self.what, self.started = host, kind, what, started

    @property
    def next(self) -> str:
        """What to do next, for people."""
        return NEXT.get(self.kind, "run again; invoke status shows where the host stands")


class WinrmTimeout(WinrmError, TimeoutError):  # noqa: N818  # the event's name
    """It took longer than it may."""


class WorkerDied(WinrmError):  # noqa: N818  # the event's name
    """The process at the other end has ended or makes no sense; `diagnostics` is both ends of its stderr."""

    def __init__(self, host: str, what: str, diagnostics: str = "") -> None:
        tail = f"; it said: {diagnostics}" if diagnostics else ""
        super().__init__(host, Kind.DIED, what + tail, started=True)
        self.diagnostics = diagnostics
