"""What the SCM remembers of a service during one boot, needs of its machine, and says when it refuses."""

import threading
from dataclasses import dataclass, field
from typing import Protocol

from deploy.sandbox.machine.kernel import KernelError, ServiceState
from deploy.sandbox.machine.recovery import Failures
from deploy.sandbox.machine.registration import Registration
from deploy.sandbox.machine.service_process import Listener, ServiceProcess

NEVER_STARTED, NO_REPORT = 1077, 1053

MEANINGS = {
    1056: "an instance is already running",
    1058: "it is disabled",
    1060: "it is not an installed service",
    1061: "it cannot accept control messages at this time",
    1062: "it has not been started",
    1072: "it has been marked for deletion",
    1073: "it already exists",
    1115: "the system is shutting down",
}


class Host(Protocol):
    """What the SCM needs of its machine."""

    def spawn_service(self, service: Registration, start_timeout_s: float, listener: Listener) -> ServiceProcess:
        """Starts the process of a service; KernelError 2, 193."""

    def refuses_stop(self, name: str) -> bool:
        """Whether a fault keeps the stop control from this service."""

    def reboot(self) -> None:
        """Recovery action `reboot`."""


@dataclass(slots=True)
class Runtime:
    state: ServiceState = "Stopped"
    process: ServiceProcess | None = None
    exit_code: int = NEVER_STARTED
    failures: Failures = field(default_factory=Failures)
    restart: threading.Timer | None = None
    withheld: bool = False
    """A stop control was accepted but, by a fault, never delivered."""


def service_error(code: int, name: str) -> KernelError:
    """One of MEANINGS, for a service."""
    return KernelError(code, f"service {name}: {MEANINGS[code]}")
