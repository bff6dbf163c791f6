"""The host that the comparison runs on: one Wine machine, and its disk as seen from outside."""

import time
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from types import TracebackType

from deploy.bench.comparison import Pass
from deploy.bench.configuration import ConfigurationFile
from deploy.bench.not_measured import NotMeasured
from deploy.bench.powershells import PowerShellCount
from deploy.model.secret import Secret
from deploy.sandbox.fleet.client import FleetClient
from deploy.sandbox.fleet.spec import FleetSpec, HostSpec
from deploy.winrm.endpoint import Endpoint

HOST = "bench-02"


class WineHost:
    """Up from entering to leaving, in a fleet below `folder`. Raises FleetError."""

    def __init__(self, folder: Path, address: str) -> None:
        self._fleet = FleetClient(folder)
        self._address = address

    def __enter__(self) -> "WineHost":
        self._fleet.start(FleetSpec((HostSpec(HOST, self._address),), engine="powershell"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._fleet.stop()

    @property
    def password_file(self) -> Path:
        """Where the account's password lies."""
        return self._fleet.folder.password

    def endpoint(self) -> Endpoint:
        """NTLM over HTTP with sealed messages."""
        user, password = (path.read_text("utf-8").strip() for path in (self._fleet.folder.user, self.password_file))
        return Endpoint(HOST, self._address, "http", user=user, password=Secret(password))

    def put(self, files: tuple[ConfigurationFile, ...]) -> None:
        """Makes it all right."""
        for file in files:
            self._local(file).parent.mkdir(parents=True, exist_ok=True)
            self._local(file).write_bytes(file.content)

    def noop(self, files: tuple[ConfigurationFile, ...], act: Callable[[], None]) -> Pass:
        """Measures a pass over files that are right; raises NotMeasured when it touched one."""
        before = self._stamps(files)
        measured = self._measure(act)
        if self._stamps(files) != before:
            raise NotMeasured("a check of files that are right wrote some")
        return measured

    def change(self, files: tuple[ConfigurationFile, ...], act: Callable[[], None]) -> Pass:
        """Measures a pass over files that are gone; raises NotMeasured when it left one wrong."""
        for file in files:
            self._local(file).unlink()
        measured = self._measure(act)
        if wrong := [file.path for file in files if not self._right(file)]:
            raise NotMeasured(f"not put right: {', '.join(wrong)}")
        return measured

    def _measure(self, act: Callable[[], None]) -> Pass:
        before = self._requests()
        with PowerShellCount(self._fleet.folder.host(HOST)) as powershells:
            begun_s = time.monotonic()
            act()
            seconds = time.monotonic() - begun_s
        return Pass(self._requests() - before, powershells.started, seconds)

    def _requests(self) -> int:
        return sum(self._fleet.ask({"do": "traffic", "host": HOST})["requests"].values())

    def _right(self, file: ConfigurationFile) -> bool:
        local = self._local(file)
        return local.is_file() and local.read_bytes() == file.content

    def _stamps(self, files: tuple[ConfigurationFile, ...]) -> list[tuple[int, int]]:
        """Which file it is, and when it was written."""
        found = (self._local(file).stat() for file in files)
        return [(stat.st_ino, stat.st_mtime_ns) for stat in found]

    def _local(self, file: ConfigurationFile) -> Path:
        return self._fleet.folder.host(HOST).joinpath("C", *PureWindowsPath(file.path).parts[1:])
