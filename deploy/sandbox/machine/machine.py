"""One simulated machine: its parts put together, and its power switch. Lives in the fleet's daemon."""

import contextlib
import os
import signal
import subprocess
import threading
import uuid
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from deploy.sandbox.machine import loader, registration
from deploy.sandbox.machine.boot_order import boot_order
from deploy.sandbox.machine.calls import Calls
from deploy.sandbox.machine.clock import Clock
from deploy.sandbox.machine.events import EventLog
from deploy.sandbox.machine.injector import Injector
from deploy.sandbox.machine.kernel import KernelError
from deploy.sandbox.machine.mutexes import Mutexes
from deploy.sandbox.machine.paths import DISK
from deploy.sandbox.machine.processes import ProcessTable, Role
from deploy.sandbox.machine.registration import Registration
from deploy.sandbox.machine.registry import Hive
from deploy.sandbox.machine.schedule import Launch, Scheduler
from deploy.sandbox.machine.server import KernelServer
from deploy.sandbox.machine.service_process import Listener, ServiceProcess
from deploy.sandbox.machine.services import SOURCE, ServiceControlManager
from deploy.sandbox.machine.state import State
from deploy.sandbox.machine.tables import AccessLists, Firewall

DELAYED_AUTO_S = 120.0
FACTS: dict[str, Any] = {
    "os": "Microsoft Windows Server 2022 Standard",
    "build": 20348,
    "edition": "ServerStandard",
    "cores": 8,
    "memory_mb": 32768,
    "powershell": "5.1.20348.2760",
    "language_mode": "FullLanguage",
    "elevated": True,
    "user": "NT AUTHORITY\\SYSTEM",
    "disk_free_mb": 61440,
    "disk_total_mb": 102400,
    "docker": None,
    "pending_reboot": False,
}
_FOLDERS = ("Windows/System32", "Windows/Temp", "ProgramData", "Program Files", "Users/Administrator")


class Machine:
    """Its parts are public; `power_on` and `power_off` bind them to a boot.

    `folder`: holds the disk `C`, `machine.json`, `kernel.sock`. `address`: the machine's own loopback address.
    `launch`: starts what a scheduled task names. `system`: facts that differ from FACTS, for a new machine.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        address: str,
        clock: Clock | None = None,
        *,
        launch: Launch | None = None,
        system: Mapping[str, Any] | None = None,
    ) -> None:
        self.folder, self.name, self.address = folder.absolute(), name, address
        for each in _FOLDERS:
            (self.folder / DISK / each).mkdir(parents=True, exist_ok=True)
        self.clock = clock or Clock()
        self.state = State(self.folder / "machine.json")
        self.state.sections["system"].update(system or {})
        self.events = EventLog(self.folder / "events.jsonl", self.clock.now_s)
        self.hive = Hive(self.state)
        self.firewall, self.acls, self.mutexes = Firewall(self.state), AccessLists(self.state), Mutexes()
        self.processes = ProcessTable(self.folder)
        self.services = ServiceControlManager(self.hive, self.events, self)
        self.schedule = Scheduler(self.state, self.events, partial(self._launch, launch), self._task_started)
        self.faults = Injector(self)
        self.delayed_auto_s = DELAYED_AUTO_S
        self.powered = False
        self.booted = threading.Event()
        """Set once the automatic services of this boot (not the delayed ones) were started."""
        self._power = threading.RLock()
        self._boot_id, self._boot_s = "", 0.0
        self._server = KernelServer(self, self.folder)
        self.kernel = self.calls()
        """System calls for the daemon itself."""

    def calls(self, pid: int = 0) -> Calls:
        """System calls in the name of a process; mutexes belong to the object that took them."""
        return Calls(self, pid or os.getpid())

    def power_on(self) -> None:
        """Boots: a new boot id, automatic services in the order of their dependencies, start-up triggers of tasks."""
        with self._power:
            if self.powered:
                return
            self.processes.kill_everything()
            self._boot_id, self._boot_s = str(uuid.uuid4()), self.clock.monotonic_s()
            self.mutexes.clear()
            self.services.boot()
            self.powered = True
            self.booted = threading.Event()
            threading.Thread(target=self._autostart, args=(self._boot_id, self.booted), daemon=True).start()
            self.schedule.boot()

    def power_off(self) -> None:
        """Every process of the machine dies at once."""
        with self._power:
            self.powered = False
            self.services.halt()
            self.schedule.halt()
            self.processes.kill_everything()
            self.mutexes.clear()

    def reboot(self) -> None:
        """Off and on."""
        with self._power:
            self.power_off()
            self.power_on()

    def close(self) -> None:
        """Powers off and takes no more system calls; a new Machine on the folder finds everything as it was."""
        self.faults.clear()
        self.power_off()
        self._server.close()

    def register_process(self, pid: int, image: str, role: Role, parent: int = 0) -> None:
        """Tells of a process that was started for the machine. Without power it is killed: KernelError 1115."""
        with self._power:
            if not self.powered:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                raise KernelError(1115, "the machine has no power")
            self.processes.add(pid, image, role, parent)

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of a process of this machine."""
        return loader.environment(self.folder, self.address, self.name, extra or {})

    def system(self) -> dict[str, Any]:
        """The `host` section of the facts."""
        facts = {**FACTS, **self.state.sections["system"]}
        if self.faults.disk_full:
            facts["disk_free_mb"] = 0
        return {
            "computer": self.name,
            "boot_id": self._boot_id,
            "uptime_s": round(self.clock.monotonic_s() - self._boot_s, 3),
            "time_utc": round(self.clock.now_s(), 3),
            **facts,
        }

    def change_system(self, **facts: Any) -> None:
        """Changes facts of the machine, `docker="24.0.7"`, for good."""
        with self.state.lock:
            self.state.sections["system"].update(facts)
            self.state.save()

    def spawn_service(self, service: Registration, start_timeout_s: float, listener: Listener) -> ServiceProcess:
        """Starts the process of a service (the SCM's need of its machine)."""
        own = dict(line.partition("=")[::2] for line in service.environment)
        variables = self.environment(own)
        program = loader.resolve(self.folder, loader.expand(service.image_path, variables))
        output = self.folder / "services.log"
        process = ServiceProcess(
            lambda status: loader.start(program, variables, output, status), start_timeout_s, listener
        )
        self.processes.add(process.pid, program.image, "service")
        return process

    def refuses_stop(self, name: str) -> bool:
        """Whether a fault keeps the stop control from a service (the SCM's need of its machine)."""
        return self.faults.armed.refuses_stop(name)

    def _launch(self, launch: Launch | None, command: str, arguments: str) -> "subprocess.Popen[bytes]":
        if launch is None:
            raise LookupError("this machine was given nothing that starts programs")
        if not self.powered:
            raise LookupError("the machine has no power")
        return launch(command, arguments)

    def _task_started(self, pid: int, command: str) -> None:
        self.register_process(pid, command, "executor")

    def _autostart(self, boot_id: str, booted: threading.Event) -> None:
        found = [registration.read(self.hive, name) for name in self.services.names()]
        services = [service for service in found if service is not None]
        self._start_each(boot_id, boot_order(services, delayed=False))
        booted.set()
        later = boot_order(services, delayed=True)
        if later:
            timer = threading.Timer(self.delayed_auto_s, self._start_each, (boot_id, later))
            timer.daemon = True
            timer.start()

    def _start_each(self, boot_id: str, names: list[str]) -> None:
        for name in names:
            if self._boot_id != boot_id or not self.powered:
                return
            try:
                self.services.start(name)
            except KernelError as exc:
                if exc.code != 1056:  # a dependent, or somebody, was quicker
                    self.events.write(7000, SOURCE, f"{name} failed to start: error {exc.code}, {exc}")
