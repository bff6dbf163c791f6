"""The system calls as one connection makes them: the Kernel over a Machine that lives in this process."""

from typing import TYPE_CHECKING, Any

from deploy.sandbox.machine import ports
from deploy.sandbox.machine.kernel import (
    Kernel,
    KernelError,
    ProcessInfo,
    RegistryType,
    RegistryValue,
    ServiceStatus,
    Task,
)
from deploy.sandbox.machine.paths import to_local

if TYPE_CHECKING:
    from deploy.sandbox.machine.machine import Machine


class Calls:
    """`pid` is the caller; mutexes it took fall free at `close`."""

    def __init__(self, machine: "Machine", pid: int) -> None:
        self._machine, self._pid = machine, pid

    @property
    def powered(self) -> bool:
        """Whether anything answers."""
        return self._machine.powered

    def close(self) -> None:
        """The connection ended."""
        self._machine.mutexes.drop(self)

    def system(self) -> dict[str, Any]:
        return self._machine.system()

    def reg_get(self, key: str) -> dict[str, RegistryValue] | None:
        return self._machine.hive.get(key)

    def reg_set(self, key: str, name: str, type_: RegistryType, value: Any) -> None:
        self._machine.hive.set(key, name, type_, value)

    def reg_delete(self, key: str, name: str | None) -> None:
        self._machine.hive.delete(key, name)

    def services(self) -> list[str]:
        return self._machine.services.names()

    def service_create(
        self, name: str, image_path: str, start: str, account: str, display_name: str, description: str
    ) -> None:
        self._machine.services.create(name, image_path, start, account, display_name, description)

    def service_delete(self, name: str) -> None:
        self._machine.services.delete(name)

    def service_status(self, name: str) -> ServiceStatus | None:
        return self._machine.services.status(name)

    def service_start(self, name: str) -> None:
        self._machine.services.start(name)

    def service_stop(self, name: str) -> None:
        self._machine.services.stop(name)

    def process(self, pid: int) -> ProcessInfo | None:
        return self._machine.processes.get(pid)

    def kill(self, pid: int) -> None:
        self._machine.processes.kill(pid)

    def task(self, path: str) -> Task | None:
        return self._machine.schedule.get(path)

    def task_put(self, task: Task) -> None:
        self._machine.schedule.put(task)

    def task_enable(self, path: str, enabled: bool) -> None:
        self._machine.schedule.enable(path, enabled)

    def task_run(self, path: str) -> int:
        return self._machine.schedule.run(path)

    def task_delete(self, path: str) -> None:
        self._machine.schedule.delete(path)

    def rule(self, name: str) -> dict[str, Any] | None:
        return self._machine.firewall.get(name)

    def rule_put(self, rule: dict[str, Any]) -> None:
        self._machine.firewall.put(rule)

    def rule_delete(self, name: str) -> None:
        self._machine.firewall.delete(name)

    def mutex_try(self, name: str) -> bool:
        return self._machine.mutexes.take(name, self)

    def mutex_release(self, name: str) -> None:
        self._machine.mutexes.give_back(name, self)

    def mutex_taken(self, name: str) -> bool:
        return self._machine.mutexes.taken(name)

    def disk_take(self, size: int) -> None:
        self._machine.faults.disk_take(size)

    def disk_give(self, size: int) -> None:
        self._machine.faults.disk_give(size)

    def acl(self, path: str) -> dict[str, Any] | None:
        to_local(self._machine.folder, path)
        return self._machine.acls.get(path)

    def acl_set(self, path: str, acl: dict[str, Any]) -> None:
        to_local(self._machine.folder, path)
        self._machine.acls.set(path, acl)

    def checkpoint(self, label: str) -> None:
        self._machine.faults.checkpoint(label, self._pid)

    def listening(self, address: str, port: int) -> bool:
        return ports.listening(ports.own(address, self._machine.address), port)


CALLS = frozenset(name for name in vars(Kernel) if not name.startswith("_"))
"""The names that a connection may call."""


def invoke(calls: Calls, name: str, arguments: list[Any]) -> Any:
    """One call by its name; KernelError 1 for an unknown one, 87 for wrong arguments, 21 without power."""
    if name not in CALLS:
        raise KernelError(1, f"system call {name!r}: there is no such one")
    if not calls.powered:
        raise KernelError(21, "the machine has no power")
    try:
        return getattr(calls, name)(*arguments)
    except TypeError as exc:
        raise KernelError(87, f"system call {name}: {exc}") from exc


def _proof(calls: Calls) -> Kernel:
    return calls
