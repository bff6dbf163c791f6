"""The real host half on one Wine machine, which serves all tests."""

import json
import math
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath
from typing import Any

import pytest

from deploy.sandbox.machine.loader import ENV_FOLDER
from deploy.sandbox.wine import members
from deploy.sandbox.wine.machine import ENV_ROLE, WineMachine
from deploy.wire.bootstrap import ENV_AGENT, ENV_BOOT
from tests.contract.connection import Connection
from tests.contract.console import SCRIPT, Console
from tests.contract.host_half import RUNTIME
from tests.contract.windows_host import WORDS, WindowsHost
from tests.sandbox.wine.native import ENTRY, ENV_SERVICE, required, unpack_runtime

ADDRESS = "127.0.64.2"
_CONSOLE = r"C:\windows\sandbox\console.ps1"
_DOTNET = r"SOFTWARE\WOW6432Node\dotnet\Setup\InstalledVersions\x64"
_ENV_HELD = "TEST_HELD_BOOT"
_HOLD = (
    "$text = ''; $input_ = [Console]::OpenStandardInput(); "
    "while (($byte = $input_.ReadByte()) -ne 10) { if ($byte -lt 0) { exit }; $text += [char]$byte }; "
    "$env:TSDEPLOY_AGENT = $text; &([ScriptBlock]::Create($env:TEST_HELD_BOOT))"
)
_SMALL = "8m"
_NO_SERVICE = "windows/idle.exe"
"""A program that runs, and never says a word to the service manager."""


class Wine:
    """See `WindowsMachine`."""

    def __init__(self, folder: Path) -> None:
        self.address = ADDRESS
        self._folder = folder
        self._machine = WineMachine(folder, "TRY")
        self._machine.tasks.interval_s = math.inf  # tests say when a minute has passed
        self._small: Path | None = None
        self._spare: subprocess.Popen[bytes] | None = None
        self._boot()
        runtime = self.local(RUNTIME)
        if not runtime.exists():
            unpack_runtime(runtime)

    def start_worker(self, variables: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        """A process of the machine, started a while ago; the next one starts meanwhile."""
        process, self._spare = self._spare, self._start_engine(variables)
        if process is None:
            return self.start_worker(variables)
        assert process.stdin is not None
        process.stdin.write(variables[ENV_AGENT].encode() + b"\n")
        return process

    def local(self, windows_path: str) -> Path:
        """Below the prefix."""
        return self._machine.disk.local(PureWindowsPath(windows_path))

    def put_service(self, folder: Path, name: str, port: int, **config: Any) -> None:
        """The real .NET service."""
        shutil.copytree(required(ENV_SERVICE), folder, dirs_exist_ok=True)
        for path in folder.iterdir():
            path.chmod(0o644)
        program = folder / ENTRY
        program.replace(folder / "Try.exe")
        if config.get("faults", {}).get("hangOnStart"):
            shutil.copyfile(self._machine.disk.drive / _NO_SERVICE, folder / "Try.exe")
        (folder / "version.txt").write_text("1.0.0")
        (folder / "appsettings.json").write_text(
            json.dumps({"service": name, "bind": self.address, "port": port, **config})
        )
        self.console.ask("set-registry", key=_DOTNET, name="InstallLocation", text=RUNTIME)

    def _start_engine(self, variables: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        """PowerShell, which takes a second to start, waiting for the name of the module."""
        held = {**variables, ENV_BOOT: _HOLD, _ENV_HELD: variables[ENV_BOOT]}
        return self._machine.run([*WORDS], held, "watch", subprocess.PIPE)

    def executors(self) -> int:
        """Processes that the machine's scheduler started."""
        return self._machine.tasks.at_work

    def fire(self) -> None:
        """The scheduler's minute has passed."""
        self._machine.tasks.fire()

    def end_executors(self) -> None:
        """Whatever the scheduler started."""
        members.end({ENV_FOLDER: str(self._folder.absolute()), ENV_ROLE: "executor"})

    def reboot(self) -> None:
        """Every process of the prefix ends."""
        self._end_helpers()
        self._machine.power_off()
        self._boot()

    def limit_disk(self, windows_path: str) -> None:
        """A tmpfs, laid over the folder."""
        if os.geteuid() != 0:
            pytest.skip(f"{windows_path}: a small file system can be mounted by root only")
        self._small = self.local(windows_path)
        self._small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_SMALL},mode=755", "small", str(self._small)], check=True)

    def unlimit_disk(self) -> None:
        """Lazily: a process may still look into it."""
        if self._small is not None:
            subprocess.run(["umount", "--lazy", str(self._small)], check=True)
            self._small = None

    def close(self) -> None:
        """Off for good."""
        self.unlimit_disk()
        self._end_helpers()
        self._machine.power_off()

    def _end_helpers(self) -> None:
        self.console.close()
        if self._spare is not None:
            Connection(self._spare).close()
            self._spare = None

    def _boot(self) -> None:
        self._machine.power_on()
        shutil.copyfile(SCRIPT, self.local(_CONSOLE))
        words = ["powershell.exe", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File", _CONSOLE]
        self.console = Console(self._machine.run(words, {}, "watch", subprocess.PIPE))


class OneWine:
    """See `Provider`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._machine: Wine | None = None

    def host(self, _folder: Path) -> WindowsHost:
        """The one machine, as if it were new."""
        self._machine = self._machine or Wine(self._folder)
        return WindowsHost(self._machine)

    def close(self) -> None:
        """Power off."""
        if self._machine is not None:
            self._machine.close()
