"""The service control manager: reads its truth from the registry, starts real processes, recovers those that fail."""

import threading
import time
from collections.abc import Callable
from typing import Any

from deploy.sandbox.machine import recovery, registration
from deploy.sandbox.machine.events import EventLog
from deploy.sandbox.machine.kernel import KernelError, ServiceState, ServiceStatus
from deploy.sandbox.machine.registration import START_DISABLED, Registration
from deploy.sandbox.machine.registry import Hive
from deploy.sandbox.machine.service_process import Listener, ServiceProcess
from deploy.sandbox.machine.service_runtime import NO_REPORT, Host, Runtime, service_error

CONTROL = r"HKLM\SYSTEM\CurrentControlSet\Control"
START_TIMEOUT_MS = 30_000
DIED = 1067
SOURCE = "Service Control Manager"


class ServiceControlManager:
    """Services of one boot; `halt` forgets them all."""

    def __init__(self, hive: Hive, events: EventLog, host: Host) -> None:
        self._hive, self._events, self._host = hive, events, host
        self._changed = threading.Condition(threading.RLock())
        self._runtimes: dict[str, Runtime] = {}
        self._on = False

    def boot(self) -> None:
        """Removes what was marked for deletion, then accepts starts."""
        for name in registration.names(self._hive):
            if self._registered(name).deleted:
                self._hive.delete(registration.key_of(name), None)
        with self._changed:
            self._runtimes, self._on = {}, True

    def halt(self) -> None:
        """The power is off: nothing is followed or restarted any more."""
        with self._changed:
            for runtime in self._runtimes.values():
                if runtime.restart is not None:
                    runtime.restart.cancel()
            self._runtimes, self._on = {}, False
            self._changed.notify_all()

    def names(self) -> list[str]:
        """All registered services."""
        return registration.names(self._hive)

    def create(self, name: str, image_path: str, start: str, account: str, display_name: str, description: str) -> None:
        """Registers a service; KernelError 1073 exists, 1072 marked for deletion, 87 unknown start type."""
        values = registration.new_values(image_path, start, account, display_name, description)
        with self._changed:
            found = registration.read(self._hive, name)
            if found is not None:
                raise service_error(1072 if found.deleted else 1073, name)
            self._hive.set_all(registration.key_of(name), values)

    def delete(self, name: str) -> None:
        """Deletes it, or marks it when it still runs; KernelError 1060, 1072."""
        with self._changed:
            self._usable(name)
            if self._runtime(name).state == "Stopped":
                self._hive.delete(registration.key_of(name), None)
                self._runtimes.pop(name.lower(), None)
            else:
                self._hive.set(registration.key_of(name), "DeleteFlag", "REG_DWORD", 1)

    def status(self, name: str) -> ServiceStatus | None:
        """State, process and exit code; None when it isn't registered."""
        with self._changed:
            if registration.read(self._hive, name) is None:
                return None
            runtime = self._runtime(name)
            pid = runtime.process.pid if runtime.process is not None else 0
            return ServiceStatus(state=runtime.state, pid=pid, exit_code=runtime.exit_code)

    def start(self, name: str) -> None:
        """Starts dependencies, then the process; returns while it is StartPending."""
        with self._changed:
            service = self._usable(name)
            if service.start == START_DISABLED:
                raise service_error(1058, name)
            if self._runtime(name).state != "Stopped":
                raise service_error(1056, name)
            self._start_dependencies(service)
            runtime = self._runtime(name)
            listener = Listener(
                lambda process, word: self._on_report(name, process, word), lambda process: self._on_end(name, process)
            )
            runtime.process = self._host.spawn_service(service, self.start_timeout_s, listener)
            runtime.state, runtime.exit_code, runtime.withheld = "StartPending", 0, False
            runtime.process.follow()
            self._changed.notify_all()

    def stop(self, name: str) -> None:
        """Sends the stop control; KernelError 1062 not running, 1061 pending, 1051 dependents run."""
        with self._changed:
            if registration.read(self._hive, name) is None:
                raise service_error(1060, name)
            runtime = self._runtime(name)
            if runtime.process is None or runtime.state == "Stopped":
                raise service_error(1062, name)
            if runtime.state != "Running":
                raise service_error(1061, name)
            if dependents := self._running_dependents(name):
                raise KernelError(1051, f"service {name}: {', '.join(dependents)} depend on it and run")
            runtime.state = "StopPending"
            runtime.withheld = self._host.refuses_stop(name)
            if not runtime.withheld:
                runtime.process.send_stop()
            self._changed.notify_all()

    def deliver_withheld(self) -> None:
        """The fault is over: services that ignored their stop control get it now."""
        with self._changed:
            for runtime in self._runtimes.values():
                if runtime.withheld and runtime.process is not None:
                    runtime.withheld = False
                    runtime.process.send_stop()

    def wait(self, name: str, state: ServiceState, timeout_s: float) -> bool:
        """Waits until a service is in a state."""
        with self._changed:
            return self._changed.wait_for(lambda: self._runtime(name).state == state, timeout_s)

    def wait_settled(self, name: str, timeout_s: float) -> bool:
        """Waits until a service is not StartPending; whether it runs."""
        with self._changed:
            self._changed.wait_for(lambda: self._runtime(name).state != "StartPending", timeout_s)
            return self._runtime(name).state == "Running"

    @property
    def start_timeout_s(self) -> float:
        """How long a process may take to report Running: `ServicesPipeTimeout` of the registry."""
        value: Any = self._hive.value(CONTROL, "ServicesPipeTimeout")
        return (START_TIMEOUT_MS if value is None else int(value)) / 1000

    def _start_dependencies(self, service: Registration) -> None:
        for name in service.depends_on:
            if registration.read(self._hive, name) is None:
                raise KernelError(1075, f"service {service.name}: its dependency {name} does not exist")
            if self._runtime(name).state == "Stopped":
                self.start(name)
            if not self.wait_settled(name, self.start_timeout_s):
                raise KernelError(1068, f"service {service.name}: its dependency {name} failed to start")

    def _running_dependents(self, name: str) -> list[str]:
        return [
            other
            for other in registration.names(self._hive)
            if name.lower() in (each.lower() for each in self._registered(other).depends_on)
            and self._runtime(other).state != "Stopped"
        ]

    def _on_report(self, name: str, process: ServiceProcess, word: str) -> None:
        with self._changed:
            runtime = self._runtimes.get(name.lower())
            if runtime is None or runtime.process is not process:
                return
            if word == "running" and runtime.state == "StartPending":
                runtime.state = "Running"
            elif word == "stop-pending":
                runtime.state = "StopPending"
            self._changed.notify_all()

    def _on_end(self, name: str, process: ServiceProcess) -> None:
        with self._changed:
            runtime = self._runtimes.get(name.lower())
            if not self._on or runtime is None or runtime.process is not process:
                return
            runtime.state, runtime.process = "Stopped", None
            service = registration.read(self._hive, name)
            if service is not None and service.deleted:
                self._hive.delete(registration.key_of(name), None)
                del self._runtimes[name.lower()]
            elif not process.reached_running and process.stopped_code is None:
                runtime.exit_code = NO_REPORT
                self._events.write(7000, SOURCE, f"{name} failed to start: error {NO_REPORT}")
            else:
                runtime.exit_code = DIED if process.stopped_code is None else process.stopped_code
                if service is not None:
                    self._recover(service, runtime, process.stopped_code)
            self._changed.notify_all()

    def _recover(self, service: Registration, runtime: Runtime, stopped_code: int | None) -> None:
        if not recovery.is_failure(stopped_code, on_non_crash=service.on_non_crash):
            return
        response = recovery.respond(service.failure_actions, runtime.failures, time.monotonic())
        runtime.failures = response.failures
        told = (
            f"{service.name} terminated unexpectedly, {response.failures.count} time(s); exit code {runtime.exit_code}"
        )
        if response.action not in ("restart", "reboot"):
            self._events.write(7034, SOURCE, told)
            return
        self._events.write(7031, SOURCE, f"{told}; {response.action} in {response.delay_s} s")
        act: Callable[[], None] = lambda: self._restart(service.name, runtime)  # noqa: E731
        runtime.restart = threading.Timer(response.delay_s, act if response.action == "restart" else self._host.reboot)
        runtime.restart.daemon = True
        runtime.restart.start()

    def _restart(self, name: str, runtime: Runtime) -> None:
        with self._changed:
            if self._runtimes.get(name.lower()) is not runtime or not self._on:
                return
            try:
                self.start(name)
            except KernelError as exc:
                self._events.write(7032, SOURCE, f"{name}: the recovery action failed: error {exc.code}, {exc}")

    def _runtime(self, name: str) -> Runtime:
        return self._runtimes.setdefault(name.lower(), Runtime())

    def _registered(self, name: str) -> Registration:
        found = registration.read(self._hive, name)
        if found is None:
            raise service_error(1060, name)
        return found

    def _usable(self, name: str) -> Registration:
        if not self._on:
            raise service_error(1115, name)
        found = self._registered(name)
        if found.deleted:
            raise service_error(1072, name)
        return found
