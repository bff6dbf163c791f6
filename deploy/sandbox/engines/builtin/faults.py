"""Foreign errors, translated once: what a system call or a library raised, as an error code of the protocol."""

import errno

from deploy.sandbox.machine.kernel import KernelError
from deploy.wire.errors import WireError

_OF_ERRNO = {
    errno.ENOSPC: "disk-full",
    errno.EDQUOT: "disk-full",
    errno.EACCES: "access-denied",
    errno.EPERM: "access-denied",
    errno.EROFS: "access-denied",
    errno.ENOENT: "missing",
    errno.ENOTDIR: "exists",
    errno.EEXIST: "exists",
    errno.ENOTEMPTY: "exists",
    errno.EISDIR: "exists",
    errno.ENAMETOOLONG: "path-too-long",
    errno.EBUSY: "busy",
    errno.ETXTBSY: "busy",
}
_OF_WIN32 = {
    5: "access-denied",
    32: "busy",
    112: "disk-full",
    1051: "busy",
    1053: "start-failed",
    1058: "start-failed",
    1060: "missing",
    1067: "start-failed",
    1068: "start-failed",
    1069: "start-failed",
    1072: "pending-deletion",
    1073: "exists",
    1078: "exists",
}


def wire_error(exc: Exception) -> WireError:
    """The error as it travels. What we didn't expect is `internal`, with its type, so that it can be reported."""
    if isinstance(exc, WireError):
        return exc
    if isinstance(exc, KernelError):
        return WireError(_OF_WIN32.get(exc.code, "internal"), f"{exc} (Win32 error {exc.code})", actual=exc.code)
    if isinstance(exc, ConnectionError | TimeoutError):
        return WireError("unreachable", f"no answer: {exc}")
    if isinstance(exc, OSError) and exc.errno in _OF_ERRNO:
        return WireError(_OF_ERRNO[exc.errno], exc.strerror or str(exc))
    return WireError("internal", f"{type(exc).__name__}: {exc}")
