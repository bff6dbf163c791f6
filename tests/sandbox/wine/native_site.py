"""A project whose hosts are Wine machines: what is typed there, and what an outsider sees of the real .NET services."""

import json
import os
import subprocess
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import winrm

from deploy.cli.playground import Answer, Playground
from deploy.sandbox.fleet.client import FleetClient
from deploy.sandbox.machine.loader import ENV_FOLDER
from deploy.sandbox.wine.tool import ENV_TOOL
from deploy.sandbox.wine.volume import ENV_SIZE
from deploy.wire.journal import decode_records
from tests.sandbox.wine.native import RUNTIME_VERSION, write_runtime, write_source

PREFIX = "127.0.61"
ONE, TWO = "dev-trade-01", "dev-trade-02"
ADDRESS = {ONE: f"{PREFIX}.11", TWO: f"{PREFIX}.12"}
CAPTURE, ORDERS = "TradingSystem-DataCapture", "TradingSystem-OrderManager"
PORT = {CAPTURE: 5050, ORDERS: 5055}
ARTIFACTS = ("data-capture", "order-manager")
COMMAND_TIMEOUT_S = 300.0

Place = tuple[str, str]
"""Host and service."""
ON_ONE: tuple[Place, ...] = ((ONE, CAPTURE), (ONE, ORDERS))


@dataclass(frozen=True, slots=True)
class Serving:
    """A service, asked from outside: its own answer, its registration, the configuration there."""

    version: str
    build: str
    pid: int
    folder: str
    configuration: str


class NativeSite:
    """Order Manager on one host, Data Capture there, and on another one when there are two. `disk_mb`: see DataDisk."""

    def __init__(self, folder: Path, disk_mb: int = 0) -> None:
        self.folder, self._play = folder, Playground(folder, PREFIX)
        self._disk_mb = disk_mb
        self._rate = 50
        self._versions = 0
        self.release: str | None = None
        self.has_runtime = False
        self._cut("inventories/system.toml", "[service.market-data]", "# --- Auxiliary")
        catalogue = folder / "inventories/system.toml"
        catalogue.write_text(catalogue.read_text().replace("8.0.30", RUNTIME_VERSION))
        self._place(1)

    # -- what people type -----------------------------------------------------------------------------------------

    def run(self, *words: str, code: int = 0) -> Answer:
        """Runs a command and demands its exit code."""
        extra = {ENV_TOOL: os.environ[ENV_TOOL], ENV_SIZE: str(self._disk_mb)}
        answer = self._play.invoke(*words, extra=extra, timeout_s=COMMAND_TIMEOUT_S)
        assert answer.code == code, f"{words}: exit {answer.code}\n{answer.stdout[-3000:]}\n{answer.stderr[-3000:]}"
        return answer

    def up(self) -> None:
        """Starts the machines."""
        self.run("sandbox.up", "--env", "dev", "--engine", "powershell")

    def down(self) -> None:
        """Ends them."""
        self.run("sandbox.down", "--env", "dev")

    def stretch(self, hosts: int) -> None:
        """Starts the sandbox anew with one host or two."""
        self.down()
        self._place(hosts)
        self.up()

    def add_runtime(self) -> None:
        """Puts the .NET runtime into the store, unless it is there."""
        if not self.has_runtime:
            self.run("release.runtime", "--archive", str(write_runtime(self.folder.parent)))
            self.has_runtime = True

    def build(self, *, broken: bool = False) -> str:
        """Builds one more release and gives its version. A broken one's Order Manager does not start."""
        self._versions += 1
        version = f"2.{self._versions}.0{'-broken' if broken else ''}"
        write_source(self.folder / "sources" / version, version, ARTIFACTS, broken=broken)
        self.run("release.build", "--version", version, "--source", f"sources/{version}")
        return version

    def deploy(self, release: str, code: int = 0) -> Answer:
        """`invoke deploy`; `release` of this is what serves."""
        answer = self.run("deploy", "--env", "dev", "--release", release, "--yes", code=code)
        self.release = release if code == 0 else self.release
        return answer

    def start_deploy(self, release: str) -> "subprocess.Popen[str]":
        """The same, without waiting for its end."""
        return self._play.start("deploy", "--env", "dev", "--release", release, "--yes")

    def change_order_rate(self) -> None:
        """Other configuration for Order Manager, and for nothing else."""
        settings = self.folder / "inventories/group_data/dev.py"
        old, self._rate = self._rate, self._rate + 10
        text = settings.read_text()
        assert f"order_rate_limit = {old}" in text
        settings.write_text(text.replace(f"order_rate_limit = {old}", f"order_rate_limit = {self._rate}"))

    def fault(self, host: str, kind: str, step: int | None = None) -> None:
        """Arms a fault for a step, or has it happen at once."""
        aimed = () if step is None else ("--step", str(step))
        self.run("sandbox.fault", "--host", host, "--kind", kind, *aimed)

    def mend(self, host: str) -> None:
        """Ends all faults."""
        self.run("sandbox.fault", "--host", host, "--clear")

    def power(self, host: str, *, on: bool) -> None:
        """The switch."""
        self.run("sandbox.power", "--host", host, "--on" if on else "--off")

    def fire_tasks_every(self, seconds: float) -> None:
        """How often enabled tasks run, until the sandbox goes down."""
        FleetClient(self.sandbox).ask({"do": "task-interval", "seconds": seconds})

    # -- what an outsider sees ------------------------------------------------------------------------------------

    def serving(self, places: tuple[Place, ...] = ON_ONE) -> dict[Place, Serving]:
        """All of these services; OSError when one does not answer."""
        return {place: self._serving(*place) for place in places}

    def answering(self, places: tuple[Place, ...] = ON_ONE) -> bool:
        """Whether all of these services answer and are healthy."""
        try:
            return all(self.health(*place)["status"] == "healthy" for place in places)
        except OSError:
            return False

    def health(self, host: str, service: str) -> dict[str, Any]:
        """What the service answers; raises OSError."""
        with urllib.request.urlopen(f"http://{ADDRESS[host]}:{PORT[service]}/health", timeout=5) as answer:
            return dict(json.load(answer))

    def cmd(self, host: str, line: str) -> str:
        """A command on the host, by pywinrm's own client."""
        user, password = ((self.sandbox / name).read_text().strip() for name in ("user", "password"))
        url = f"http://{ADDRESS[host]}:5985/wsman"
        session = winrm.Session(url, (user, password), transport="ntlm", proxy=None, ca_trust_path=None)
        answer = session.run_cmd(line)
        assert answer.status_code == 0, (line, answer.std_out, answer.std_err)
        return str(answer.std_out.decode())

    def powered(self, host: str) -> bool:
        """Whether the host has power."""
        return bool(self._asked(host)["power"] == "on")

    def waiting_faults(self, host: str) -> list[str]:
        """Faults that have not happened yet."""
        return [fault["kind"] for fault in self._asked(host)["faults"]]

    def outcomes(self, host: str) -> list[str]:
        """How the host's transactions ended, or stand, by their journals; oldest first."""
        journals = sorted((self.disk(host) / "TradingSystem/state/transactions").glob("*.journal"))
        return [decode_records(path.read_bytes()).state for path in journals]

    def processes(self, host: str, service: str) -> int:
        """How many processes of this service, of whatever revision, the computer below has."""
        mark = f"{ENV_FOLDER}={self.sandbox / 'hosts' / host}".encode()
        image = f"C:\\TradingSystem\\releases\\{service}\\".encode()
        return sum(image in _read(pid, "cmdline") and mark in _read(pid, "environ").split(b"\0") for pid in _pids())

    def disk(self, host: str) -> Path:
        """Its drive C."""
        return self.sandbox / "hosts" / host / "C"

    @property
    def sandbox(self) -> Path:
        """The fleet's folder."""
        return self.folder / ".deploy/sandbox/dev"

    def _asked(self, host: str) -> dict[str, Any]:
        hosts = FleetClient(self.sandbox).ask({"do": "status"})
        return dict(next(each for each in hosts if each["name"] == host))

    def _serving(self, host: str, service: str) -> Serving:
        told = self.health(host, service)
        rows = self.cmd(host, f"sc.exe qc {service}").splitlines()
        image = next(row.partition(":")[2].strip() for row in rows if "BINARY_PATH_NAME" in row)
        folder = image.split('"')[1].rpartition("\\")[0]
        configuration = self.disk(host).joinpath(*folder.split("\\")[1:], "config", "appsettings.json")
        return Serving(told["version"], told["build"], told["pid"], folder, configuration.read_text())

    def _place(self, hosts: int) -> None:
        capture = {1: "[_trade_01]", 2: "[_trade_01, _trade_02]"}[hosts]
        self._cut(
            "inventories/dev.py", "data_capture =", "", f"data_capture = {capture}\norder_manager = [_trade_01]\n"
        )

    def _cut(self, path: str, start: str, end: str, new: str = "") -> None:
        """Puts `new` in the place of what stands from `start` to before `end`, or to the end of the file."""
        file = self.folder / path
        text = file.read_text()
        rest = text[text.index(end) :] if end else ""
        file.write_text(text[: text.index(start)] + new + rest)


def _pids() -> list[Path]:
    return [path for path in Path("/proc").iterdir() if path.name.isdigit()]


def _read(process: Path, file: str) -> bytes:
    try:
        return (process / file).read_bytes()
    except OSError:
        return b""


def versions(serving: Mapping[Place, Serving]) -> set[str]:
    """The versions that serve."""
    return {each.version for each in serving.values()}
