"""System calls from a process of the machine: the Kernel over the machine's Unix socket. Quick to import."""

import json
import socket
import threading
from pathlib import Path
from typing import Any, cast

from deploy.sandbox.machine.kernel import (
    Kernel,
    KernelError,
    ProcessInfo,
    RegistryType,
    RegistryValue,
    ServiceStatus,
    Task,
)
from deploy.sandbox.machine.socket_path import address

NO_POWER = 21


class KernelClient:
    """One connection, made at once; thread-safe, one call at a time. Its mutexes fall free when it is closed."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the host folder; KernelError 21 when no machine answers there."""
        self._lock = threading.Lock()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with address(folder) as path:
                self._socket.connect(path)
        except OSError as exc:
            self._socket.close()
            raise KernelError(NO_POWER, f"{folder}: no machine answers there: {exc}") from exc
        self._stream = self._socket.makefile("rwb")

    def __enter__(self) -> "KernelClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection."""
        try:
            self._stream.close()
        except OSError:
            return
        finally:
            self._socket.close()

    def system(self) -> dict[str, Any]:
        return self._dict("system")

    def reg_get(self, key: str) -> dict[str, RegistryValue] | None:
        found = self._call("reg_get", key)
        return None if found is None else {name: (type_, value) for name, (type_, value) in found.items()}

    def reg_set(self, key: str, name: str, type_: RegistryType, value: Any) -> None:
        self._call("reg_set", key, name, type_, value)

    def reg_delete(self, key: str, name: str | None) -> None:
        self._call("reg_delete", key, name)

    def services(self) -> list[str]:
        return list(self._call("services"))

    def service_create(
        self, name: str, image_path: str, start: str, account: str, display_name: str, description: str
    ) -> None:
        self._call("service_create", name, image_path, start, account, display_name, description)

    def service_delete(self, name: str) -> None:
        self._call("service_delete", name)

    def service_status(self, name: str) -> ServiceStatus | None:
        found = self._call("service_status", name)
        return None if found is None else cast(ServiceStatus, found)

    def service_start(self, name: str) -> None:
        self._call("service_start", name)

    def service_stop(self, name: str) -> None:
        self._call("service_stop", name)

    def process(self, pid: int) -> ProcessInfo | None:
        found = self._call("process", pid)
        return None if found is None else cast(ProcessInfo, found)

    def kill(self, pid: int) -> None:
        self._call("kill", pid)

    def task(self, path: str) -> Task | None:
        found = self._call("task", path)
        return None if found is None else cast(Task, found)

    def task_put(self, task: Task) -> None:
        self._call("task_put", task)

    def task_enable(self, path: str, enabled: bool) -> None:
        self._call("task_enable", path, enabled)

    def task_run(self, path: str) -> int:
        return int(self._call("task_run", path))

    def task_delete(self, path: str) -> None:
        self._call("task_delete", path)

    def rule(self, name: str) -> dict[str, Any] | None:
        return self._optional("rule", name)

    def rule_put(self, rule: dict[str, Any]) -> None:
        self._call("rule_put", rule)

    def rule_delete(self, name: str) -> None:
        self._call("rule_delete", name)

    def mutex_try(self, name: str) -> bool:
        return bool(self._call("mutex_try", name))

    def mutex_release(self, name: str) -> None:
        self._call("mutex_release", name)

    def mutex_taken(self, name: str) -> bool:
        return bool(self._call("mutex_taken", name))

    def disk_take(self, size: int) -> None:
        self._call("disk_take", size)

    def disk_give(self, size: int) -> None:
        self._call("disk_give", size)

    def acl(self, path: str) -> dict[str, Any] | None:
        return self._optional("acl", path)

    def acl_set(self, path: str, acl: dict[str, Any]) -> None:
        self._call("acl_set", path, acl)

    def checkpoint(self, label: str) -> None:
        self._call("checkpoint", label)

    def listening(self, address: str, port: int) -> bool:
        return bool(self._call("listening", address, port))

    def _dict(self, name: str, *arguments: Any) -> dict[str, Any]:
        return dict(self._call(name, *arguments))

    def _optional(self, name: str, *arguments: Any) -> dict[str, Any] | None:
        found = self._call(name, *arguments)
        return None if found is None else dict(found)

    def _call(self, name: str, *arguments: Any) -> Any:
        with self._lock:
            try:
                self._stream.write(json.dumps([name, arguments]).encode("ascii") + b"\n")
                self._stream.flush()
                line = self._stream.readline()
            except (OSError, ValueError) as exc:
                raise KernelError(NO_POWER, f"{name}: the machine does not answer: {exc}") from exc
        if not line:
            raise KernelError(NO_POWER, f"{name}: the machine does not answer")
        answer = json.loads(line)
        if "error" in answer:
            raise KernelError(*answer["error"])
        return answer["ok"]


def _proof(client: KernelClient) -> Kernel:
    return client
