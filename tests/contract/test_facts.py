"""Facts: every section, and failing ones that say so."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.contract.connection import Connection, sha256, step
from tests.contract.host_half import ROOT, HostHalf

SECTIONS = {
    "host",
    "agent",
    "lock",
    "services",
    "revisions",
    "runtimes",
    "secrets",
    "paths",
    "firewall",
    "transactions",
    "releases",
    "adopted",
}
HOST_FIELDS = {
    "computer",
    "os",
    "build",
    "edition",
    "cores",
    "memory_mb",
    "boot_id",
    "uptime_s",
    "time_utc",
    "powershell",
    "language_mode",
    "elevated",
    "user",
    "disk_free_mb",
    "disk_total_mb",
    "docker",
    "pending_reboot",
}


def test_every_section_is_there(host: HostHalf) -> None:
    facts = host.worker().must("facts")
    assert set(facts) == SECTIONS
    assert all(section["ok"] for section in facts.values())
    system = facts["host"]["value"]
    assert isinstance(system["time_utc"], float)
    assert system["boot_id"]
    assert system["disk_free_mb"] > 0
    assert set(system) == HOST_FIELDS


@pytest.mark.stand_in("task scheduler")
def test_agent(worker: Connection, host: HostHalf) -> None:
    sha = sha256(host.module)
    told = worker.must("facts")["agent"]["value"]
    assert told == {
        "sha": sha,
        "protocol": 1,
        "modules": [sha],
        "task": {"exists": True, "enabled": False, "sha": sha},
    }


def test_a_section_that_fails_says_so_and_hides_no_other(host: HostHalf) -> None:
    facts = host.worker().must("facts", {"paths": ["no path"]})
    assert facts["paths"]["ok"] is False
    assert facts["paths"]["error"]["code"] == "bad-request"
    assert facts["host"]["ok"] is True


def test_paths(worker: Connection, host: HostHalf) -> None:
    worker.apply(step("dir.ensure", path=rf"{ROOT}\data", acl=None))
    host.path(rf"{ROOT}\data\file").write_bytes(b"12345")
    asked = [rf"{ROOT}\data", rf"{ROOT}\data\file", rf"{ROOT}\nothing"]
    found = worker.must("facts", {"paths": asked})["paths"]["value"]
    assert [(fact["path"], fact["kind"]) for fact in found] == list(zip(asked, ("dir", "file", "absent"), strict=True))
    assert (found[1]["size"], found[1]["sha256"], found[1]["protected"]) == (5, sha256(b"12345"), False)


@pytest.mark.stand_in("access lists")
def test_secrets_are_told_by_a_keyed_digest(worker: Connection, host: HostHalf) -> None:
    path = rf"{ROOT}\secrets\S\broker"
    worker.apply(step("secret.put", path=path, data={"data": 0}, service="S"), data=[b"top secret"])
    asked = {
        "secrets": [{"service": "S", "name": "broker", "path": path}, {"service": "S", "name": "x", "path": path + "x"}]
    }
    found = worker.must("facts", asked, [b"key"])["secrets"]["value"]
    assert found[0]["digest"] == hmac.new(b"key", b"top secret", hashlib.sha256).hexdigest()
    assert (found[0]["exists"], found[0]["protected"]) == (True, True)
    assert (found[1]["exists"], found[1]["protected"]) == (False, False)
    assert worker.ask("facts", asked).code == "bad-request", "without a key there is no digest"


def test_revisions(worker: Connection, host: HostHalf) -> None:
    texts = {"conf/a [1].json": b'{"a": "\xc3\xa7"}', "large.json": b"x" * 16385, "binary.json": b"\xff\xfe\xff"}
    files = {"Try.exe": sha256(b"program"), **{name: sha256(text) for name, text in texts.items()}}
    manifest = json.dumps({"format": 1, "files": files, "config": dict.fromkeys(texts, "x")}).encode()
    name = f"1.0.0-{sha256(manifest)[:12]}"
    folder = host.path(rf"{ROOT}\releases\S\{name}")
    folder.mkdir(parents=True)
    (folder / "revision.json").write_bytes(manifest)
    (folder / "conf").mkdir()
    for text, content in texts.items():
        (folder / text).write_bytes(content)
    (folder.parent / "1.0.0-abc.tmp-1").mkdir()

    def told() -> dict[str, object]:
        (found,) = worker.must("facts", {"deep": True})["revisions"]["value"]
        return dict(found)

    assert told()["complete"] is False, "its program is missing"
    (folder / "Try.exe").write_bytes(b"program")
    found = told()
    assert (found["service"], found["name"], found["complete"]) == ("S", name, True)
    assert found["folder"] == rf"{ROOT}\releases\S\{name}"
    assert found["manifest_sha256"] == sha256(manifest)
    assert found["manifest"] == json.loads(manifest)
    assert found["contents"] == {"conf/a [1].json": '{"a": "ç"}'}, "none that is large, or no text"

    image = rf"{ROOT}\releases\S\{name}\Try.exe"
    worker.apply(
        step("service.create", name="S", image_path=image, display_name="", description="", account="LocalSystem")
    )
    assert told()["damaged"] == []
    (folder / "Try.exe").write_bytes(b"infected")
    assert told()["damaged"] == ["Try.exe"]


def test_runtimes(worker: Connection, host: HostHalf) -> None:
    for name in (r"dotnet\8.0.30", r"python\3.11.9", r"python\3.11.9.tmp-4"):
        host.path(rf"{ROOT}\runtimes\{name}").mkdir(parents=True)
        (host.path(rf"{ROOT}\runtimes\{name}") / "file").write_bytes(b"x")
    found = worker.must("facts", {"runtimes_dir": rf"{ROOT}\runtimes"})["runtimes"]["value"]
    assert [(each["name"], each["version"]) for each in found] == [("dotnet", "8.0.30"), ("python", "3.11.9")]


def test_services_that_were_not_asked_for_are_told_when_they_are_ours(worker: Connection) -> None:
    for name in ("TradingSystem-A", "Other"):
        worker.apply(
            step("service.create", name=name, image_path="x", display_name="", description="", account="LocalSystem")
        )
    found = worker.must("facts", {"services": [{"name": "Absent", "probe": None, "ports": []}]})["services"]["value"]
    assert [(each["name"], each["exists"]) for each in found] == [("Absent", False), ("TradingSystem-A", True)]
    assert found[0]["registration"] is None


SILENT: list[dict[str, Any]] = [
    {"kind": "tcp", "address": "127.0.79.1", "port": 1},
    {"kind": "http", "url": "http://127.0.79.1:1/health", "expect": {}, "timeout_s": 1},
    {"kind": "ws", "url": "ws://127.0.79.1:1/"},
]
NO_PROBES: list[dict[str, Any]] = [
    {"kind": "smell"},
    {"kind": "http"},
    {"kind": "tcp", "address": "127.0.79.1"},
    {},
]


def test_no_answer_is_not_healthy(host: HostHalf) -> None:
    worker = host.worker()
    for probe in (*SILENT, {"kind": "process"}):
        answer = worker.must("probe", probe)
        assert answer["ok"] is (probe["kind"] == "process"), probe
        assert set(answer) == {"ok", "status", "body", "error"}, probe
    for nothing in NO_PROBES:
        assert worker.ask("probe", nothing).code == "bad-request", nothing


def test_a_key_that_is_too_long_is_refused_and_never_shortened(worker: Connection) -> None:
    assert worker.ask("facts", {}, [b"k" * 4096]).ok
    assert worker.ask("facts", {}, [b"k" * 4097]).code == "bad-request"
    assert worker.ask("facts", {}).ok
