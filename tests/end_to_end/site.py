"""A project of its own with its simulated fleet: what people type, and what an outsider sees afterwards."""

import hashlib
import json
import time
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import winrm

from deploy.cli.playground import Answer, Playground
from deploy.sandbox.apps.samples import write_sample_source
from deploy.sandbox.fleet.client import FleetClient
from tests.schemas import validate

TRADE_1, TRADE_2, GATEWAY = "dev-trade-01", "dev-trade-02", "dev-gateway-01"
NUMBER = {TRADE_1: 11, TRADE_2: 12, GATEWAY: 13}
CAPTURE, MARKET = "TradingSystem-DataCapture", "TradingSystem-MarketData"
ORDERS, API = "TradingSystem-OrderManager", "TradingSystem-ApiGateway"
PORT = {CAPTURE: 5050, ORDERS: 5055, MARKET: 9001, API: 8000}
PLACED = (
    (TRADE_1, CAPTURE),
    (TRADE_1, MARKET),
    (TRADE_1, ORDERS),
    (TRADE_2, CAPTURE),
    (TRADE_2, MARKET),
    (GATEWAY, API),
)
STREAMING = frozenset({"deploy", "rollback"})
PATIENCE_S = 60.0

Place = tuple[str, str]
"""Host and service."""


@dataclass(frozen=True, slots=True)
class Serving:
    """What one service is, asked from outside: its own answer, its registration's folder, its configuration."""

    version: str
    build: str
    folder: str
    configuration: str


class Site:
    """A playground under `folder`, with addresses `<prefix>.N`."""

    def __init__(self, folder: Path, prefix: str) -> None:
        self.play = Playground(folder, prefix)
        self.folder = folder
        self.said: list[Answer] = []

    # -- what people type -----------------------------------------------------------------------------------------

    def run(self, *words: str, code: int = 0) -> dict[str, Any]:
        """Runs a command with --json, demands its exit code, gives its last document."""
        return self.end_of(self.invoke(*words, "--json"), code, streaming=words[0] in STREAMING)

    def invoke(self, *words: str) -> Answer:
        """Runs a command as it is."""
        answer = self.play.invoke(*words)
        self.said.append(answer)
        return answer

    def end_of(self, answer: Answer, code: int, *, streaming: bool) -> dict[str, Any]:
        """The last document of a command; stdout must be JSON, and nothing else."""
        assert answer.code == code, f"exit {answer.code}, not {code}\n{answer.stderr[-4000:]}\n{answer.stdout[-1500:]}"
        documents = [json.loads(line) for line in answer.stdout.splitlines()]
        for document in documents:
            validate(document)
        if not streaming:
            assert len(documents) == 1, answer.stdout
        elif "event" in documents[-1]:
            assert [each["event"] for each in documents].index("end") == len(documents) - 1
            assert documents[-1]["exit"] == code
        last = documents[-1]
        assert isinstance(last, dict)
        return last

    def say(self, *words: str, code: int = 0) -> str:
        """Runs a command as a person would; stdout and stderr together."""
        answer = self.invoke(*words)
        assert answer.code == code, f"exit {answer.code}, not {code}\n{answer.stdout[-3000:]}{answer.stderr[-3000:]}"
        return answer.stdout + answer.stderr

    def deploy(self, release: str, *more: str, code: int = 0) -> dict[str, Any]:
        """`invoke deploy`; gives the event `end`."""
        return self.run("deploy", "--env", "dev", "--release", release, "--yes", *more, code=code)

    def rollback(self, *more: str, code: int = 0) -> dict[str, Any]:
        """`invoke rollback`; gives the event `end`."""
        return self.run("rollback", "--env", "dev", "--yes", *more, code=code)

    def plan(self, release: str, *more: str, code: int = 0) -> dict[str, Any]:
        """`invoke plan`."""
        return self.run("plan", "--env", "dev", "--release", release, *more, code=code)

    def build(self, version: str, fault: str | None = None, broken: Iterable[str] | None = None) -> None:
        """Builds a sample release; `fault` spoils the artifacts `broken`, all of them unless named."""
        source = self.folder / "sources" / version
        write_sample_source(source, version, fault=fault, broken=None if broken is None else list(broken))
        self.run("release.build", "--version", version, "--source", str(source))

    def fault(self, host: str, kind: str, *more: str) -> None:
        """Arms a fault."""
        self.run("sandbox.fault", "--host", host, "--kind", kind, *more)

    def power(self, host: str, state: str) -> None:
        """Switches a host `on` or `off`."""
        self.run("sandbox.power", "--host", host, f"--{state}")

    # -- what an outsider sees ------------------------------------------------------------------------------------

    def health(self, host: str, service: str) -> dict[str, Any]:
        """What the service answers; raises OSError."""
        url = f"http://{self.play.address(NUMBER[host])}:{PORT[service]}/health"
        with urllib.request.urlopen(url, timeout=5) as answer:
            return dict(json.load(answer))

    def serving(self, places: Iterable[Place] = PLACED) -> dict[Place, Serving]:
        """Every service's answer and configuration; raises OSError when one does not answer."""
        return {place: self._serving(*place) for place in places}

    def versions(self, places: Iterable[Place] = PLACED) -> set[str]:
        """The versions that answer."""
        return {str(self.health(*place)["version"]) for place in places}

    def cmd(self, host: str, line: str) -> str:
        """A command on the host, by pywinrm's own client."""
        user, password = (self.sandbox / "user").read_text().strip(), (self.sandbox / "password").read_text().strip()
        session = winrm.Session(
            f"https://{self.play.address(NUMBER[host])}:5986/wsman",
            (user, password),
            transport="ntlm",
            ca_trust_path=str(self.sandbox / "ca.pem"),
            proxy=None,
        )
        answer = session.run_cmd(line)
        assert answer.status_code == 0, (line, answer.std_out, answer.std_err)
        return str(answer.std_out.decode())

    def image_path(self, host: str, service: str) -> str:
        """The command line of a service, as `sc.exe qc` has it."""
        rows = self.cmd(host, f"sc.exe qc {service}").splitlines()
        return next(row.partition(":")[2].strip() for row in rows if "BINARY_PATH_NAME" in row)

    def state(self, host: str) -> dict[str, Any]:
        """The disk (path → SHA-256), registry, tasks, rules and running services; logs of the services don't count."""
        disk, logs = self.disk(host), self.disk(host) / "TradingSystem" / "data" / "logs"
        files = {
            path.relative_to(disk).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in disk.rglob("*")
            if path.is_file() and not path.is_relative_to(logs)
        }
        kept = self.sandbox / "hosts" / host / "machine.json"
        machine = json.loads(kept.read_text()) if kept.exists() else {}
        return {"files": files, "machine": machine, "services": self.pids(host)}

    def states(self) -> dict[str, dict[str, Any]]:
        """The state of every host."""
        return {host: self.state(host) for host in NUMBER}

    def pids(self, host: str) -> dict[str, int]:
        """Service → process id, of those that run."""
        return {item["name"]: item["pid"] for item in self._asked(host)["services"] if item["pid"]}

    def powered(self, host: str) -> bool:
        """Whether the host has power."""
        return bool(self._asked(host)["power"] == "on")

    def status(self, code: int = 0) -> dict[str, dict[str, Any]]:
        """`invoke status`, by host."""
        return {host["name"]: host for host in self.run("status", "--env", "dev", code=code)["hosts"]}

    @property
    def sandbox(self) -> Path:
        """The fleet's folder."""
        return self.folder / ".deploy" / "sandbox" / "dev"

    @property
    def runs(self) -> list[Path]:
        """The folders of all runs, oldest first."""
        return sorted((self.folder / ".deploy" / "runs").glob("*"))

    def disk(self, host: str) -> Path:
        """The host's `C:\\`."""
        return self.sandbox / "hosts" / host / "C"

    def edit(self, path: str, old: str, new: str) -> None:
        """Changes a file of the project."""
        file = self.folder / path
        text = file.read_text()
        assert old in text, (path, old)
        file.write_text(text.replace(old, new))

    def _asked(self, host: str) -> dict[str, Any]:
        hosts = FleetClient(self.sandbox).ask({"do": "status"})
        return dict(next(item for item in hosts if item["name"] == host))

    def _serving(self, host: str, service: str) -> Serving:
        told = self.health(host, service)
        folder = self.image_path(host, service).split('"')[1].rpartition("\\")[0]
        local = self.disk(host).joinpath(*folder.split("\\")[1:])
        configuration = local / "config" / "appsettings.json"
        return Serving(str(told["version"]), str(told["build"]), folder, configuration.read_text())


def until(condition: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Waits for a condition; fails by name when it does not come true."""
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {patience_s:.0f} s: {what}"
        time.sleep(0.05)


def answering(site: Site, places: Iterable[Place] = PLACED) -> bool:
    """Whether all of these services answer and are healthy."""
    try:
        return all(site.health(*place)["status"] == "healthy" for place in places)
    except OSError:
        return False
