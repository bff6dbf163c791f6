"""The shells of a host: opened, used, reaped when idle, deleted with everything that runs in them."""

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PureWindowsPath

from deploy.sandbox.wsman.faults import operation_quota, shell_not_found, shell_quota
from deploy.sandbox.wsman.job import Job


@dataclass(frozen=True, slots=True)
class Quotas:
    """WinRM's limits, at the defaults of Server 2019. Sizes in bytes, times in seconds."""

    max_shells_per_user: int = 30
    max_operations_per_shell: int = 1500
    max_envelope: int = 500 * 1024
    max_command_line: int = 8191
    idle_timeout_s: float = 7200.0


class Command:
    """A command of a shell. Its last Receive is kept: a client that lost the answer sends the same request again."""

    def __init__(self, command_id: str, job: Job) -> None:
        self.id = command_id
        self.job = job
        self.sending = threading.Lock()
        self.receiving = threading.Lock()
        self.last_receive: tuple[str, str] | None = None


class Shell:
    """A Windows Remote Shell."""

    def __init__(
        self,
        shell_id: str,
        user: str,
        environment: Mapping[str, str],
        directory: PureWindowsPath,
        encoding: str,
        idle_timeout_s: float,
    ) -> None:
        self.id = shell_id
        self.user = user
        self.environment = dict(environment)
        self.directory = directory
        self.encoding = encoding
        self.idle_timeout_s = idle_timeout_s
        self.commands: dict[str, Command] = {}
        self.operations = 0
        self.in_use = 0
        self.last_used = time.monotonic()

    def kill(self) -> None:
        """Ends all its commands."""
        for command in list(self.commands.values()):
            command.job.kill()


class Shells:
    """All shells of one host. Thread-safe."""

    def __init__(self, quotas: Quotas) -> None:
        self._quotas = quotas
        self._lock = threading.Lock()
        self._shells: dict[str, Shell] = {}

    def open(self, user: str, make: Callable[[str], Shell]) -> Shell:
        """Registers a new shell that `make` builds from its id; raises Fault when the user has too many."""
        with self._lock:
            if sum(shell.user == user for shell in self._shells.values()) >= self._quotas.max_shells_per_user:
                raise shell_quota(self._quotas.max_shells_per_user)
            shell = make(new_id())
            self._shells[shell.id] = shell
            return shell

    def use(self, shell_id: str | None, user: str) -> Shell:
        """The shell for one operation; `release` ends it. Raises Fault when it isn't there (any more)."""
        with self._lock:
            shell = self._shells.get((shell_id or "").upper())
            if shell is None or shell.user != user:
                raise shell_not_found(shell_id or "")
            shell.in_use += 1
            return shell

    def release(self, shell: Shell) -> None:
        """The operation has ended; from now the shell counts as idle."""
        with self._lock:
            shell.in_use -= 1
            shell.last_used = time.monotonic()

    def add(self, shell: Shell, job: Job, command_id: str | None) -> Command:
        """Registers a command; operations are counted and, as on Windows, never given back before the shell goes."""
        with self._lock:
            if shell.id not in self._shells:
                raise shell_not_found(shell.id)
            if shell.operations >= self._quotas.max_operations_per_shell:
                raise operation_quota()
            shell.operations += 1
            command = Command((command_id or new_id()).upper(), job)
            shell.commands[command.id] = command
            return command

    def delete(self, shell: Shell) -> None:
        """Removes it and ends what runs in it."""
        with self._lock:
            self._shells.pop(shell.id, None)
        shell.kill()

    def delete_all(self) -> None:
        """The service ended, or a fault wants it."""
        with self._lock:
            shells, self._shells = list(self._shells.values()), {}
        for shell in shells:
            shell.kill()

    def reap(self, now: float) -> None:
        """Deletes those that were idle for too long."""
        with self._lock:
            idle = [s for s in self._shells.values() if not s.in_use and now - s.last_used > s.idle_timeout_s]
        for shell in idle:
            self.delete(shell)

    def count(self) -> int:
        """How many are open."""
        with self._lock:
            return len(self._shells)


def new_id() -> str:
    """An id as Windows writes it."""
    return str(uuid.uuid4()).upper()
