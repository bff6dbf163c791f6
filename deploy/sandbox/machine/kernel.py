"""What a process on a simulated machine can ask of it: the machine's system calls.

The machine lives in the fleet's daemon. Processes on it (worker and executor of the built-in engine) are real ones
that speak to it over a Unix socket, `<host folder>/kernel.sock`, through `machine.client.KernelClient`; files they
reach directly, under `<host folder>/C`. A mutex belongs to a connection and falls free when its process dies.
"""

from typing import Any, Literal, Protocol, TypedDict

RegistryType = Literal["REG_SZ", "REG_EXPAND_SZ", "REG_DWORD", "REG_MULTI_SZ", "REG_BINARY"]
RegistryValue = tuple[RegistryType, Any]
"""Text for SZ, int for DWORD, list of text for MULTI_SZ, lower hex for BINARY."""
REGISTRY_TYPES: dict[RegistryType, type] = {
    "REG_SZ": str,
    "REG_EXPAND_SZ": str,
    "REG_DWORD": int,
    "REG_MULTI_SZ": list,
    "REG_BINARY": str,
}

ServiceState = Literal["Stopped", "StartPending", "Running", "StopPending"]


class ServiceStatus(TypedDict):
    """As QueryServiceStatusEx has it; `exit_code` is Win32ExitCode."""

    state: ServiceState
    pid: int
    exit_code: int


class ProcessInfo(TypedDict):
    """`image` is a Windows path; `started` opaque text, `parent` a pid."""

    pid: int
    image: str
    started: str
    parent: int


class Task(TypedDict):
    """A scheduled task; it runs at start-up and every minute while `enabled`."""

    path: str
    command: str
    arguments: str
    enabled: bool


class KernelError(Exception):
    """A system call failed; `code` is the Win32 error (5 denied, 1060 no service, 1058 disabled, 1056 running…)."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Kernel(Protocol):
    """The system calls. All raise KernelError."""

    def system(self) -> dict[str, Any]:
        """The `host` section of the facts, as far as it is the machine's (docs/protocol.md, section 4)."""

    def reg_get(self, key: str) -> dict[str, RegistryValue] | None:
        """All values of a key (`HKLM\\SYSTEM\\…`, any case), None when there is no such key."""

    def reg_set(self, key: str, name: str, type_: RegistryType, value: Any) -> None:
        """Sets one value, making the key when needed."""

    def reg_delete(self, key: str, name: str | None) -> None:
        """Deletes a value, or with None the key and what is below it. Absent: nothing happens."""

    def services(self) -> list[str]:
        """Names of all registered services."""

    def service_create(
        self, name: str, image_path: str, start: str, account: str, display_name: str, description: str
    ) -> None:
        """Registers a service in the registry, as CreateService does; 1073 when it exists."""

    def service_delete(self, name: str) -> None:
        """Marks it for deletion (1072 for whoever comes next until it has stopped)."""

    def service_status(self, name: str) -> ServiceStatus | None:
        """None when it isn't registered."""

    def service_start(self, name: str) -> None:
        """Asks for a start and returns at once (1058 disabled, 1056 running, 1060 missing)."""

    def service_stop(self, name: str) -> None:
        """Sends the stop control and returns at once (1062 not running, 1061 can't take it now)."""

    def process(self, pid: int) -> ProcessInfo | None:
        """A living process of this machine."""

    def kill(self, pid: int) -> None:
        """Ends a process and its children."""

    def task(self, path: str) -> Task | None:
        """A scheduled task by its path, `\\TradingSystem\\Settle`."""

    def task_put(self, task: Task) -> None:
        """Registers or replaces it."""

    def task_enable(self, path: str, enabled: bool) -> None:
        """Switches its triggers."""

    def task_run(self, path: str) -> int:
        """Starts an instance at once (error 0x80041326 when disabled); gives its process id."""

    def task_delete(self, path: str) -> None:
        """Absent: nothing happens."""

    def rule(self, name: str) -> dict[str, Any] | None:
        """A firewall rule: name, display_name, port, remote, enabled."""

    def rule_put(self, rule: dict[str, Any]) -> None:
        """Adds or replaces it."""

    def rule_delete(self, name: str) -> None:
        """Absent: nothing happens."""

    def mutex_try(self, name: str) -> bool:
        """Takes a named mutex without waiting; true as well when this connection has it already."""

    def mutex_release(self, name: str) -> None:
        """Gives it back."""

    def mutex_taken(self, name: str) -> bool:
        """Whether any living process has it."""

    def disk_take(self, size: int) -> None:
        """Says that `size` bytes are about to be written; 112 when the disk is full."""

    def disk_give(self, size: int) -> None:
        """Says that `size` bytes were removed."""

    def acl(self, path: str) -> dict[str, Any] | None:
        """The ACL that was set on a Windows path (or on its nearest parent that passes it on), None for the default."""

    def acl_set(self, path: str, acl: dict[str, Any]) -> None:
        """Sets it, as docs/protocol.md writes it."""

    def checkpoint(self, label: str) -> None:
        """Where faults are aimed: `before:3`, `acted:3`, `done:3`, `undo:2`, `undone:2`, `submit`; may never return."""

    def listening(self, address: str, port: int) -> bool:
        """Whether a process of this machine listens there."""
