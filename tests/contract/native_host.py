"""The real host half on the computer that runs the tests: Windows itself, with Windows PowerShell 5.1.

The tests remove what they find under the names of a deployment, so they run only where DEPLOY_TEST_THIS_COMPUTER is 1
and nothing is deployed.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.contract.console import SCRIPT, Console
from tests.contract.waiting import until
from tests.contract.windows_host import WORDS, WindowsHost

ADDRESS = "127.0.64.2"
HERE = Path(__file__).parent
SOURCE, BUILD = HERE / "native_service.cs", HERE / "build_service.ps1"
BUILD_DEADLINE_S = 120.0
ENV_ALLOWED = "DEPLOY_TEST_THIS_COMPUTER"
_POWERSHELL = [*WORDS[: WORDS.index("-Command")], "-File"]


def build_service(program: Path) -> Path:
    """Compiles the stand-in service; gives `program`."""
    subprocess.run(
        [*_POWERSHELL, str(BUILD), "-Source", str(SOURCE), "-Program", str(program)],
        check=True,
        timeout=BUILD_DEADLINE_S,
    )
    return program


def allowed(environment: Mapping[str, str]) -> bool:
    """Whether this computer was given to the tests."""
    return environment.get(ENV_ALLOWED) == "1"


def must_be_bare(found: list[str]) -> None:
    """Refuses a computer where somebody has deployed; `found`: what is there of a deployment."""
    if found:
        raise RuntimeError(
            f"this computer has {', '.join(found)}, which the contract suite would remove. Run it on a computer where "
            "nothing is deployed; what a killed run of the suite has left has to be removed by hand"
        )


class ThisComputer:
    """See `WindowsMachine`. It has services of its own, so only what came after the start is ever removed."""

    def __init__(self, folder: Path) -> None:
        if not allowed(os.environ):
            raise RuntimeError(f"{ENV_ALLOWED} is not 1: this computer was not given to the tests")
        self.address = ADDRESS
        self.console = Console(self._start([*_POWERSHELL, str(SCRIPT), "-Shared"], {}))
        found = self.console.ask("installation") or []
        if found:
            self.console.close()
        must_be_bare([found] if isinstance(found, str) else found)  # a list of one comes as that one
        folder.mkdir(parents=True, exist_ok=True)
        self._program = build_service(folder / "Try.exe")

    def start_worker(self, variables: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        """A process beside the tests, elevated as they are."""
        return self._start([*WORDS], variables)

    def local(self, windows_path: str) -> Path:
        """The path itself, however long."""
        return Path("\\\\?\\" + windows_path)

    def put_service(self, folder: Path, name: str, port: int, **config: Any) -> None:
        """A program of its own bytes in each folder, as releases have it."""
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._program, folder / "Try.exe")
        (folder / "version.txt").write_text("1.0.0", "utf-8")
        settings = {"service": name, "bind": self.address, "port": port, **config}
        (folder / "appsettings.json").write_text(json.dumps(settings), "utf-8")

    def executors(self) -> int:
        """Instances of the task, as the scheduler counts them."""
        return int(self.console.ask("executors"))

    def fire(self) -> None:
        """As on demand, unless the task is switched off; the console waits until the scheduler says that it runs."""
        self.console.ask("fire")

    def end_executors(self) -> None:
        """By the scheduler, which ends all instances."""
        self.console.ask("end-task")
        until(lambda: not self.executors())

    def reboot(self) -> None:
        """No case that asks for it is collected here."""
        raise NotImplementedError("the computer would take the tests with it")

    def limit_disk(self, windows_path: str) -> None:
        """No case that asks for it is collected here."""
        raise NotImplementedError(f"{windows_path}: the tests make no disk of their own on this computer")

    def unlimit_disk(self) -> None:
        """There is none."""

    def close(self) -> None:
        """Ends the console."""
        self.console.close()

    @staticmethod
    def _start(words: list[str], variables: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        pipe = subprocess.PIPE
        environment = {**os.environ, **variables}
        return subprocess.Popen(words, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0)


class Native:
    """See `Provider`: there is one such host."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._computer: ThisComputer | None = None

    def host(self, _folder: Path) -> WindowsHost:
        """The computer, as if it were new."""
        self._computer = self._computer or ThisComputer(self._folder)
        return WindowsHost(self._computer)

    def close(self) -> None:
        """The computer stays on."""
        if self._computer is not None:
            self._computer.close()
