"""A service stopped and started by nothing but its service control manager: what no tool can be faster than."""

import time
from collections.abc import Callable

from deploy.bench.not_measured import NotMeasured
from deploy.bench.prober import Place, accepts
from deploy.sandbox.machine.kernel import Kernel

LOOK_S = 0.002
PATIENCE_S = 60.0


def stop_start_s(kernel: Kernel, service: str, place: Place) -> float:
    """Seconds from the stop control to Stopped and from the start to Running, added; afterwards the port answers.

    Raises NotMeasured, KernelError.
    """
    begun_s = time.monotonic()
    kernel.service_stop(service)
    stop_s = _reached_s(kernel, service, "Stopped") - begun_s
    begun_s = time.monotonic()
    kernel.service_start(service)
    start_s = _reached_s(kernel, service, "Running") - begun_s
    _until(lambda: accepts(place), f"{service}: port {place[1]} does not answer")
    return stop_s + start_s


def _reached_s(kernel: Kernel, service: str, state: str) -> float:
    """When the service was there."""

    def there() -> bool:
        status = kernel.service_status(service)
        return status is not None and status["state"] == state

    _until(there, f"{service} is not {state}")
    return time.monotonic()


def _until(condition: Callable[[], bool], otherwise: str) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline_s:
            raise NotMeasured(f"{otherwise} after {PATIENCE_S:g} s")
        time.sleep(LOOK_S)
