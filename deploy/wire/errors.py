"""Error codes of the host half: what each means, and what a person does next."""

from dataclasses import dataclass
from typing import Any


@dataclass
class WireError(Exception):
    """An error as it travels: `code` is one of CODES. Not frozen: raising sets an exception's own fields."""

    code: str
    message: str
    where: str | None = None
    expected: Any = None
    actual: Any = None

    __hash__ = Exception.__hash__

    def __str__(self) -> str:
        return self.message

    def as_json(self) -> dict[str, Any]:
        """The wire form, without empty fields."""
        fields = {
            "code": self.code,
            "message": self.message,
            "where": self.where,
            "expected": self.expected,
            "actual": self.actual,
        }
        return {key: value for key, value in fields.items() if value is not None}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "WireError":
        """Reads the wire form; an unknown code stays as it is (a newer host may know more)."""
        return cls(
            code=str(value.get("code", "internal")),
            message=str(value.get("message", "no message")),
            where=value.get("where"),
            expected=value.get("expected"),
            actual=value.get("actual"),
        )


CODES: dict[str, str] = {
    "access-denied": "the deployment account may not do this: check that it is an administrator and elevated",
    "bad-request": "controller and host half disagree: a defect, please report it",
    "busy": "another process holds the file or object: close it, then run again",
    "cancelled": "the run was interrupted; what it had begun was undone",
    "checksum": "the bytes that arrived are not those of the release: check store and network, then run again",
    "disk-full": "free space on the host's disk, then run again",
    "exists": "something else is already there under this name",
    "internal": "a defect of the host half: please report it with the run's log",
    "locked": "another run is at work; wait for it, or for 60 s after its controller died",
    "missing": "the named file, service or folder is not on the host",
    "not-holder": "this run no longer holds the host's lock: another one took over",
    "path-too-long": "shorten the root folder or the file names in the artifact",
    "pending-deletion": "the service is marked for deletion: close services.msc and Task Manager, or reboot the host",
    "still-running": "Windows did not end the step in time; the host looks again every minute and undoes it then",
    "start-failed": "the service did not start: read its log and the System event log",
    "timeout": "it took longer than its deadline",
    "transaction-open": "an earlier transaction is still open on the host: it settles by itself, see invoke status",
    "unexpected-state": "the host is not as it was when the plan was made: plan again",
    "unhealthy": "the new revision did not become healthy: read its log; the old one is back",
    "unreachable": "the host did not answer: check name, network and WinRM",
    "unsupported": "this host cannot do that",
}
