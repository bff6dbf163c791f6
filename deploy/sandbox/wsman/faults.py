"""WS-Man's faults: the codes that Windows answers with, and their words."""

from dataclasses import dataclass

SENDER = "s:Sender"
RECEIVER = "s:Receiver"


@dataclass(frozen=True)
class Fault(Exception):  # noqa: N818  # SOAP's own word
    """An answer instead of a result. `wmi` puts the code where quota faults of the shell plugin have it as well."""

    code: int
    subcode: str
    reason: str
    party: str = SENDER
    wmi: bool = False

    def __str__(self) -> str:
        return f"{self.code}: {self.reason}"


def operation_timeout() -> Fault:
    """Nothing happened within the request's OperationTimeout; the client asks again."""
    return Fault(
        2150858793,
        "w:TimedOut",
        "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.",
        RECEIVER,
    )


def shell_not_found(shell_id: str) -> Fault:
    """There is no such shell, or no longer."""
    return Fault(
        2150858843,
        "w:InvalidSelectors",
        f"The request for the Windows Remote Shell with ShellId {shell_id} failed because the shell was not found on "
        "the server. Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the "
        "server. Provide the correct ShellId or create a new shell and retry the operation.",
    )


def aborted() -> Fault:
    """The command ended under the request, because its shell was deleted or it was terminated."""
    return Fault(
        995,
        "w:InternalError",
        "The I/O operation has been aborted because of either a thread exit or an application request.",
        RECEIVER,
    )


def busy() -> Fault:
    """Another Send of the same command is being taken."""
    return Fault(170, "w:Concurrency", "The requested resource is in use.")


def access_denied() -> Fault:
    """The account may not do this."""
    return Fault(5, "w:AccessDenied", "Access is denied.")


def schema(detail: str) -> Fault:
    """The request is not what the schema says."""
    return Fault(
        2150858817,
        "w:SchemaValidationError",
        f"The WS-Management service cannot process the request because the XML is invalid. {detail}".strip(),
    )


def shell_quota(most: int) -> Fault:
    """MaxShellsPerUser."""
    return Fault(
        2150859173,
        "w:QuotaLimit",
        f"The WS-Management service cannot process the request. This user is allowed a maximum number of {most} "
        "concurrent shells, which has been exceeded. Close existing shells or raise the quota for this user.",
        wmi=True,
    )


def operation_quota() -> Fault:
    """MaxConcurrentOperationsPerUser: on cmd shells Signal never gives an operation back, only Delete does."""
    return Fault(
        2150859174,
        "w:QuotaLimit",
        "The WS-Management service cannot process the request. The maximum number of concurrent operations for this "
        "user has been exceeded. Close existing operations for this user, or raise the quota for this user.",
        wmi=True,
    )


def invalid_directory() -> Fault:
    """The shell's working directory does not exist."""
    return Fault(267, "w:InternalError", "The directory name is invalid.", RECEIVER)


def unknown_action(action: str) -> Fault:
    """No such operation on this resource."""
    return Fault(2150858753, "a:ActionNotSupported", f"The action {action!r} is not supported by the service.")


def unknown_resource(uri: str) -> Fault:
    """No such resource."""
    return Fault(
        2150858752,
        "a:DestinationUnreachable",
        f"The WS-Management service cannot process the request. The resource URI ({uri}) was not found.",
    )
