"""One single writer with two revisions on a simulated machine, and transactions from the one to the other."""

import contextlib
import json
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from typing import Any

from deploy.sandbox.machine.kernel import KernelError
from deploy.sandbox.wsman.job import Job
from deploy.wire.journal import decode_records
from tests.contract.connection import Connection, sha256, step
from tests.contract.simulated_host import SimulatedHost, simulated_host

SERVICE = "TradingSystem-OrderManager"
PORT = 5055
VERSIONS = ("1.0.0", "1.1.0")
BROKEN = "9.9.9"
SECRET = rf"C:\TradingSystem\secrets\{SERVICE}\broker"
SECOND_INSTANCE = "another active instance holds it"
STEPS = 6
STOP, PUT_SECRET, CONFIGURE, START_TYPE, START, HEALTHY = range(STEPS)


def until(condition: Callable[[], object], timeout_s: float = 20.0, what: str = "") -> None:
    """Waits for a condition; fails when it doesn't come true."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"did not come true within {timeout_s} s: {what}"
        time.sleep(0.01)


def secret_of(version: str) -> bytes:
    """Each revision has a secret of its own, so that a mixture shows."""
    return f"secret of {version}".encode()


def folder_of(version: str) -> str:
    """A revision's folder."""
    return rf"C:\TradingSystem\releases\{SERVICE}\{version}-{sha256(version.encode())[:12]}"


class Bench:
    """A machine where `version` runs."""

    def __init__(self, folder: Path) -> None:
        self.host: SimulatedHost = simulated_host(folder)
        self.machine = self.host.machine
        self.kernel = self.host.kernel
        self._folder = folder
        self._number = 0
        for version in (*VERSIONS, BROKEN):
            self._put_revision(version)
        self.version = VERSIONS[0]
        self.worker = self.connect()
        self.worker.apply(step("executor.install"))
        self._register()

    def close(self) -> None:
        """Ends everything."""
        self.host.close()

    @property
    def other(self) -> str:
        """The revision that doesn't run."""
        return VERSIONS[1 - VERSIONS.index(self.version)]

    def connect(self) -> Connection:
        """A worker with the run lock."""
        connection = self.host.worker()
        shell = Job("worker", {}, PureWindowsPath("C:\\"), "utf-8")
        shell.attach(connection.process)
        # As the WS-Man server ends what runs in a shell that is deleted
        self.machine.faults.handlers["delete-shell"] = shell.kill
        until(lambda: connection.ask("lock.acquire", _holder(f"run-{self._number}")).ok, what="the lock")
        connection.lock(f"run-{self._number}")
        return connection

    def steps(self, version: str) -> list[dict[str, Any]]:
        """The cutover to a revision, as a plan has it."""
        ports = [{"address": self.host.address, "port": PORT}]
        stopping: dict[str, Any] = {"ports": ports, "on_timeout": "kill"}
        return [
            step("service.stop", deadline_s=5, expect={"exists": True}, name=SERVICE, **stopping),
            step("secret.put", path=SECRET, data={"data": 0}, service=SERVICE),
            step("service.configure", **self._registration(version)),
            step("service.start_type", name=SERVICE, start="auto"),
            step("service.start", deadline_s=5, name=SERVICE, **stopping),
            step(
                "service.healthy",
                deadline_s=0.6 if version == BROKEN else 5,
                name=SERVICE,
                folder=folder_of(version),
                manifest_sha256=sha256(self._manifest(version)),
                probe={"kind": "http", "url": self.health, "expect": {"version": version}, "timeout_s": 1},
                min_healthy_s=0.2,
                interval_s=0.02,
            ),
        ]

    @property
    def health(self) -> str:
        """The service's health address."""
        return f"http://{self.host.address}:{PORT}/health"

    def submit(self, version: str, **changes: Any) -> str:
        """Sends a transaction and does not wait for its answer."""
        self._number += 1
        tx = f"tx-{self._number}"
        args = {"tx": tx, "steps": self.steps(version), "await_s": 30, "follow": True, **changes}
        # A fault may take the worker away while we still write to it.
        with contextlib.suppress(BrokenPipeError):
            self.worker.send("tx.submit", args, [secret_of(version)])
        return tx

    def records(self, tx: str) -> tuple[dict[str, Any], ...]:
        """A transaction's journal, empty when there is none."""
        path = self.host.path(rf"C:\TradingSystem\state\transactions\{tx}.journal")
        return decode_records(path.read_bytes()).records if path.exists() else ()

    def outcome(self, tx: str) -> str:
        """How a transaction ended, empty while it is open."""
        records = self.records(tx)
        return str(records[-1].get("outcome", "")) if records else ""

    def reached(self, label: str, times: int = 1) -> bool:
        """Whether a checkpoint was reached since the last `forget`."""
        return [each for _, each in self.machine.faults.reached].count(label) >= times

    def settle(self, tx: str) -> str:
        """Fires the settling task as its trigger would, until the transaction has ended; gives the outcome."""

        def ended() -> bool:
            if not self.outcome(tx) and not self.machine.processes.all("executor"):
                self.machine.schedule.fire()
            return bool(self.outcome(tx))

        until(ended, what=f"the end of {tx}: {self.records(tx)[-1:]}")
        until(lambda: not self.machine.processes.all("executor"), what="the executor's end")
        return self.outcome(tx)

    def must_be(self, version: str) -> None:
        """Registration, process, configuration, secret and answer are those of one revision, and it is one process."""
        until(lambda: not self.disagreements(version), timeout_s=10, what=str(self.disagreements(version)))
        assert SECOND_INSTANCE not in self.service_log()
        self.version = version

    def disagreements(self, version: str) -> dict[str, Any]:
        """What is not as `version` needs it."""
        values = self.kernel.reg_get(rf"HKLM\SYSTEM\CurrentControlSet\Services\{SERVICE}") or {}
        found = {name: value for name, (_, value) in values.items()}
        status = self.kernel.service_status(SERVICE)
        process = self.kernel.process(status["pid"]) if status else None
        secret = self.host.path(SECRET)
        seen = {
            "image_path": found.get("ImagePath"),
            "description": found.get("Description"),
            "start": found.get("Start"),
            "state": status["state"] if status else None,
            "image": process["image"] if process else None,
            "secret": secret.read_bytes() if secret.exists() else None,
            "answer": self._answer(),
        }
        wanted = {
            "image_path": self._registration(version)["image_path"],
            "description": f"Order Manager {version}",
            "start": 2,
            "state": "Running",
            "image": rf"{folder_of(version)}\Try.exe",
            "secret": secret_of(version),
            "answer": version,
        }
        return {name: (seen[name], wanted[name]) for name in wanted if seen[name] != wanted[name]}

    def recover(self) -> None:
        """Ready for the next case: no fault, power, a worker with the lock, a revision that runs."""
        self.machine.faults.clear()
        until(lambda: not self.machine.processes.all("executor"), what="the executor's end")
        self.machine.faults.reached.clear()
        if not self.machine.powered:
            self.machine.power_on()
        if self.worker.process.poll() is not None:
            self.worker = self.connect()
        self.must_be(self.version)

    def service_log(self) -> str:
        """What services wrote to their standard error."""
        log = self._folder / "services.log"
        return log.read_text("utf-8", "replace") if log.exists() else ""

    def end_process(self, role: Any) -> None:
        """Kills workers or executors at once."""
        for pid in self.machine.processes.all(role):
            with contextlib.suppress(KernelError):
                self.machine.processes.kill(pid)

    def _answer(self) -> str:
        try:
            with urllib.request.urlopen(self.health, timeout=1) as answer:
                return str(json.loads(answer.read())["version"])
        except (OSError, ValueError):
            return ""

    def _manifest(self, version: str) -> bytes:
        return json.dumps({"version": version}).encode()

    def _put_revision(self, version: str) -> None:
        config = {"singletonLock": r"C:\TradingSystem\data\om.lock", "secrets": [SECRET]}
        if version == BROKEN:
            config["faults"] = {"unhealthy": True}  # type: ignore[assignment]
        folder = folder_of(version)
        self.host.service(SERVICE, PORT, folder, **config)
        self.host.path(rf"{folder}\version.txt").write_text(version)
        self.host.path(rf"{folder}\revision.json").write_bytes(self._manifest(version))

    def _registration(self, version: str) -> dict[str, Any]:
        return {
            "name": SERVICE,
            "image_path": rf'"{folder_of(version)}\Try.exe"',
            "display_name": "Order Manager",
            "description": f"Order Manager {version}",
            "account": rf"NT SERVICE\{SERVICE}",
            "depends_on": [],
            "environment": {"REVISION": version},
            "failure_actions": "",
            "failure_on_non_crash": False,
            "sid_type": "unrestricted",
        }

    def _register(self) -> None:
        registration = self._registration(self.version)
        identity = ("name", "image_path", "display_name", "description", "account")
        self.worker.apply(
            step("service.create", **{name: registration[name] for name in identity}),
            step("service.configure", **registration),
            step("secret.put", path=SECRET, data={"data": 0}, service=SERVICE),
            step("service.start_type", name=SERVICE, start="auto"),
            step("service.start", name=SERVICE),
            data=[secret_of(self.version)],
        )


def _holder(run: str) -> dict[str, Any]:
    return {"run": run, "who": "tester", "kind": "deploy", "since": "2026-01-01T00:00:00Z", "epoch": 0}
