"""Services as programs look at them: registry values by name, processes."""

from collections.abc import Iterator
from typing import Any

from deploy.sandbox.machine.kernel import Kernel, KernelError, ProcessInfo, ServiceStatus
from deploy.sandbox.machine.registration import key_of

NOT_INSTALLED = 1060


def processes_of_services(kernel: Kernel) -> Iterator[tuple[str, ProcessInfo]]:
    """(service, process) of each that runs."""
    for name in kernel.services():
        status = kernel.service_status(name)
        process = kernel.process(status["pid"]) if status and status["pid"] else None
        if process:
            yield name, process


def status_of(kernel: Kernel, name: str) -> ServiceStatus:
    """The status; KernelError 1060 when it isn't registered."""
    status = kernel.service_status(name)
    if status is None:
        raise KernelError(NOT_INSTALLED, "The specified service does not exist as an installed service.")
    return status


def values_of(kernel: Kernel, name: str) -> dict[str, Any]:
    """Registry values, names in lower case; KernelError 1060 when it isn't registered."""
    status_of(kernel, name)
    return {key.lower(): value for key, (_, value) in (kernel.reg_get(key_of(name)) or {}).items()}
