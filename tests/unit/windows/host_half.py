"""A host half in a few lines: what it was asked and told, scripted per test; answers as docs/protocol.md says."""

import copy
import threading
from collections.abc import Callable
from typing import Any

from deploy.sandbox.wsman.job import Job
from deploy.wire.errors import WireError
from tests.unit.winrm.scripted_host import Asked, ScriptedWorker, Speaker

Follow = Callable[[Speaker], dict[str, Any] | None]
"""What happens within a `tx.follow`; its answer, or None: the usual one."""


def registration(**changes: Any) -> dict[str, Any]:
    return {
        "image_path": r"C:\TradingSystem\releases\Svc\1.0.0-abc\svc.exe",
        "start": "auto",
        "account": r"NT SERVICE\Svc",
        "display_name": "Svc",
        "description": "",
        "depends_on": [],
        "environment": {"A": "1"},
        "failure_actions": "",
        "failure_on_non_crash": True,
        "sid_type": "unrestricted",
        **changes,
    }


def service(name: str = "Svc", **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "exists": True,
        "state": "Running",
        "pid": 42,
        "process": {"image": r"C:\x.exe", "started": "1"},
        "registration": registration(),
        "probe": {"ok": True, "status": 200, "body": {"version": "1.0.0"}, "error": None},
        "ports": [{"address": "127.0.0.1", "port": 5050, "open": True}],
        **changes,
    }


VALUES: dict[str, Any] = {
    "host": {
        "computer": "WEB01",
        "os": "Windows Server 2022",
        "build": 20348,
        "edition": "ServerStandard",
        "cores": 4,
        "memory_mb": 8192,
        "boot_id": "b1",
        "uptime_s": 12.5,
        "time_utc": 1_790_000_000.0,
        "powershell": "5.1",
        "language_mode": "FullLanguage",
        "elevated": True,
        "user": "deployer",
        "disk_free_mb": 50_000,
        "disk_total_mb": 100_000,
        "docker": None,
        "pending_reboot": False,
    },
    "agent": {"sha": "a" * 64, "modules": ["a" * 64], "task": {"exists": True, "enabled": False, "sha": "a" * 64}},
    "lock": {"record": None, "held": False},
    "services": [service(), service("Gone", exists=False, state=None, pid=None, process=None, registration=None)],
    "revisions": [
        {
            "service": "Svc",
            "folder": r"C:\f",
            "name": "1.0.0-abc",
            "manifest_sha256": "e" * 64,
            "complete": True,
            "manifest": {"format": 9},
        }
    ],
    "runtimes": [
        {"name": "dotnet", "version": "8.0.1", "complete": True},
        {"name": "dotnet", "version": "8.0.2", "complete": False},
    ],
    "secrets": [{"service": "Svc", "name": "api-key", "exists": False, "digest": None, "protected": False}],
    "paths": [{"path": r"C:\TradingSystem", "kind": "dir", "size": 0, "sha256": None, "protected": True}],
    "firewall": [{"name": "Svc-5050", "exists": False, "port": None, "remote": None, "enabled": False}],
    "transactions": [
        {
            "tx": "t0",
            "run": "r0",
            "state": "undoing",
            "step": "stop",
            "since": "2026-01-01",
            "executor_alive": False,
            "error": None,
        }
    ],
    "releases": [{"release": "1.0.0", "run": "r0", "at": "2026-01-01", "status": "good", "revisions": {"Svc": "x"}}],
    "adopted": {
        "Svc": {"revision": "unmanaged@0123456789ab", "registration": registration(), "folder": "a", "copy": "b"}
    },
}


def sections(**values: Any) -> dict[str, Any]:
    """A whole answer; `values` replace sections' values."""
    merged = {**copy.deepcopy(VALUES), **values}
    return {name: {"ok": True, "value": value} for name, value in merged.items()}


class HostHalf:
    """State of a host and its verbs. `facts`: the answer; `fail`: verb → error to give.

    The run lock's mutex is `holder`'s as long as that process lives. While `submitting` is clear no journal is written.
    """

    def __init__(self) -> None:
        self.facts_answer = sections()
        self.fail: dict[str, WireError] = {}
        self.holder: Job | None = None
        self.submitting = threading.Event()
        self.submitting.set()
        self.fail_submitted: Exception | None = None
        self.during_follow: list[Follow] = []
        self.record: dict[str, Any] | None = None
        self.applied: list[dict[str, Any]] = []
        self.blobs: list[bytes] = []
        self.journals: dict[str, list[dict[str, Any]]] = {}
        self.outcomes: dict[str, str] = {}
        self.release = threading.Event()
        self.hold_transactions = False
        self.files: dict[str, bytes] = {}
        locking = ("lock.acquire", "lock.release", "apply")
        names = ("facts", "probe", "file.read", *locking, "tx.submit", "tx.follow")
        self.worker = ScriptedWorker({name: self._verb(name) for name in names})

    def asked(self, verb: str) -> list[Asked]:
        """Requests of a verb so far."""
        return [asked for asked in self.worker.asked if asked.verb == verb]

    def _verb(self, name: str) -> Any:
        method = getattr(self, "do_" + name.replace(".", "_"))

        def act(asked: Asked, speaker: Speaker) -> Any:
            if name in self.fail:
                raise self.fail[name]
            return method(asked, speaker)

        return act

    def do_facts(self, _asked: Asked, _speaker: Speaker) -> dict[str, Any]:
        return self.facts_answer

    def do_probe(self, asked: Asked, _speaker: Speaker) -> dict[str, Any]:
        return {"ok": True, "status": None, "body": None, "error": None, "asked": asked.args}

    def do_file_read(self, asked: Asked, speaker: Speaker) -> None:
        data = self.files.get(asked.args["path"])
        if data is None:
            raise WireError("missing", "no such file", where=asked.args["path"])
        speaker.answer({"size": len(data), "sha256": ""})
        speaker.stream(data)

    def do_lock_acquire(self, asked: Asked, speaker: Speaker) -> dict[str, Any]:
        previous = self.record
        if self.holder in self.worker.alive and self.holder is not speaker.job:
            raise WireError("locked", "another process has the mutex", actual=previous)
        self.holder = speaker.job
        epoch = max(int(asked.args["epoch"]), (previous or {}).get("epoch", 0) + 1)
        self.record = {**asked.args, "epoch": epoch}
        return {"epoch": epoch, "previous": previous}

    def do_lock_release(self, asked: Asked, speaker: Speaker) -> dict[str, Any]:
        self._holder(asked, speaker)
        self.record, self.holder = {**(self.record or {}), "run": None}, None
        return {}

    def do_apply(self, asked: Asked, speaker: Speaker) -> dict[str, Any]:
        self._holder(asked, speaker)
        self.blobs += asked.streams
        if not asked.args["dry"]:
            self.applied += asked.args["steps"]
        return {"results": [{"id": step["id"], "changed": True, "detail": None} for step in asked.args["steps"]]}

    def do_tx_submit(self, asked: Asked, speaker: Speaker) -> dict[str, Any]:
        self._holder(asked, speaker)
        tx = asked.args["tx"]
        self.submitting.wait(10)
        self.journals[tx] = [{"t": "submitted", "up": 1, "steps": asked.args["steps"]}, {"t": "begun", "up": 2}]
        if self.hold_transactions:
            speaker.progress(tx=tx, records=self.journals[tx])
            self.release.wait(10)
        if self.fail_submitted is not None:
            raise self.fail_submitted
        self._end(tx)
        return self._follow(tx, 0)

    def do_tx_follow(self, asked: Asked, speaker: Speaker) -> dict[str, Any]:
        tx = asked.args["tx"]
        if self.during_follow and (answer := self.during_follow.pop(0)(speaker)) is not None:
            return answer
        if tx not in self.journals:
            raise WireError("missing", f"no transaction {tx}")
        self._end(tx)
        return self._follow(tx, asked.args["after"])

    def _end(self, tx: str) -> None:
        outcome = self.outcomes.get(tx, "committed")
        if self.journals[tx][-1]["t"] != "ended":
            self.journals[tx].append({"t": "ended", "up": 3, "outcome": outcome, "error": None})

    def _follow(self, tx: str, after: int) -> dict[str, Any]:
        records = self.journals[tx]
        return {"records": records[after:], "outcome": records[-1]["outcome"], "executor_alive": False}

    def _holder(self, asked: Asked, speaker: Speaker) -> None:
        record = self.record or {}
        if self.holder is not speaker.job or (record.get("run"), record.get("epoch")) != (asked.run, asked.epoch):
            raise WireError("not-holder", "another run holds the lock", actual=record)
