"""One Wine machine: a prefix with its power switch, the programs that run on it, its tasks."""

import contextlib
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Literal

from deploy.sandbox.machine.commandline import split
from deploy.sandbox.machine.loader import ENV_FOLDER
from deploy.sandbox.machine.processes import kill_all
from deploy.sandbox.wine import members
from deploy.sandbox.wine.disk import OWN, Disk, name_computer
from deploy.sandbox.wine.schedule import TaskRunner
from deploy.sandbox.wine.tool import WineTool

ENV_ROLE = "SANDBOX_ROLE"
"""Variable that says what a process of the machine was started as."""
Role = Literal["command", "executor", "watch"]
BOOT_TIMEOUT_S = 120.0
COMPILE_TIMEOUT_S = 60.0
_OWN = PureWindowsPath("C:/", OWN)
_POWERSHELL = ("powershell.exe", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass")
_HOOK = {"DOTNET_STARTUP_HOOKS": str(_OWN / "access.dll")}
_COMPILE = (
    f"Add-Type -TypeDefinition ([IO.File]::ReadAllText('{_OWN / 'access.cs'}')) "
    f"-OutputAssembly '{_OWN / 'access.dll'}' -OutputType Library"
)


@dataclass(frozen=True, slots=True)
class ServiceSeen:
    """The process of a service: its id on the machine (0: none), and its ids on the computer below."""

    pid: int
    here: list[int]


class WineMachine:
    """`folder` holds the prefix `machine`, and `C`, a link to its disk. Everything on the disk outlives the power."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder.absolute(), name
        self._prefix = self.folder / "machine"
        self.disk = Disk(self._prefix)
        self._mark = {ENV_FOLDER: str(self.folder)}
        self._tool = WineTool(self._prefix, self._mark)
        self.tasks = TaskRunner(self.disk.drive, self._start_task)
        self.powered = False
        self._power = threading.RLock()

    def make(self) -> None:
        """Makes the machine when it is new; raises OSError. `power_on` does it, too."""
        with self._power:
            self._make()

    def power_on(self) -> None:
        """Boots, making the machine when it is new; raises OSError."""
        with self._power:
            if self.powered:
                return
            self._make()
            self._end_everything()
            self.disk.equip()
            self._tool.start()
            self._finish(["cmd.exe", "/d", "/c", "exit"], BOOT_TIMEOUT_S)  # it ends after the boot
            if not (self.disk.drive / OWN / "access.dll").exists():
                self._finish([*_POWERSHELL, "-Command", _COMPILE], COMPILE_TIMEOUT_S)
            self.powered = True
            threading.Thread(target=self._look_after_services, name=f"services-{self.name}", daemon=True).start()
            self.tasks.boot()

    def power_off(self) -> None:
        """Every process of the machine ends at once."""
        with self._power:
            if not self.powered:
                return
            self.powered = False
            self.tasks.halt()
            self._end_everything()

    def run(
        self, words: list[str], variables: Mapping[str, str], role: Role, streams: int = subprocess.DEVNULL
    ) -> "subprocess.Popen[bytes]":
        """Starts a Windows program; raises OSError without power."""
        if not self.powered:
            raise OSError("the machine has no power")
        return self._tool.spawn(words, {**variables, **_HOOK, ENV_ROLE: role}, streams)

    def end_processes(self, role: Role, image: str) -> None:
        """Ends all processes of this program that were started in a role, or by what was."""
        kill_all(lambda: members.with_image(members.marked({**self._mark, ENV_ROLE: role}), image))

    @contextlib.contextmanager
    def frozen(self, role: Role) -> Iterator[None]:
        """All processes that were started in a role stand still meanwhile; what is killed meanwhile stays dead."""
        held = members.hold(members.marked({**self._mark, ENV_ROLE: role}))
        try:
            yield
        finally:
            members.let_go(held)

    def end_service(self, name: str) -> None:
        """Ends the process of a service; raises LookupError when it has none."""
        found = self.services().get(name)
        if not found or not found.here:
            raise LookupError(f"service {name}: it has no process to kill")
        kill_all(lambda: found.here)

    def services(self) -> dict[str, ServiceSeen]:
        """Every registered service that is not the system's own."""
        try:
            lines = (self.disk.drive / OWN / "services.txt").read_text("utf-8", "replace").splitlines()
        except OSError:
            return {}
        everyone = members.marked(self._mark)
        found: dict[str, ServiceSeen] = {}
        for line in filter(None, lines):
            pid, name, command = line.split("\t", 2)
            image = next(iter(split(command)), "")
            found[name] = ServiceSeen(int(pid), members.with_image(everyone, image) if int(pid) else [])
        return found

    def _make(self) -> None:
        disk = self.folder / "C"
        if disk.is_dir() and not disk.is_symlink():
            raise OSError(f"{disk} is the disk of another engine's host: remove {self.folder.parent}")
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self._prefix.exists():
            self._tool.create()
            name_computer(self._prefix, self.name.upper())
        if not disk.is_symlink():
            disk.symlink_to(Path("machine") / "drive_c")

    def _finish(self, words: list[str], timeout_s: float) -> None:
        """Runs a program that belongs to switching on; raises OSError, with the power cut, when it goes wrong."""
        process = self._tool.spawn(words, {}, subprocess.DEVNULL)
        try:
            if process.wait(timeout_s) == 0:
                return
        except subprocess.TimeoutExpired:
            pass
        self._end_everything()
        raise OSError(f"{self.name} did not boot: {words[0]} did not end well within {timeout_s:.0f} s")

    def _end_everything(self) -> None:
        if self._prefix.exists() and members.marked(self._mark):
            with contextlib.suppress(OSError):  # what it left alive is killed below
                self._tool.stop()
            members.end(self._mark)

    def _look_after_services(self) -> None:
        """Keeps the machine's own watch over services running as long as there is power."""
        with contextlib.suppress(OSError):
            while True:
                self.run([*_POWERSHELL, "-File", str(_OWN / "services.ps1")], {}, "watch").wait()

    def _start_task(self, command: str, arguments: str) -> "subprocess.Popen[bytes]":
        return self.run([command, *split(arguments)], {}, "executor")
