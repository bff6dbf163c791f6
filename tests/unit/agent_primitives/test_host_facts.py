"""The sections of the facts that need no Windows, over a real worker; the others say that they failed."""

import hashlib
import hmac
import json
import platform
from pathlib import Path
from typing import Any

import pytest

from tests.unit.agent.engine import Worker
from tests.unit.agent_primitives.conftest import WholeHost

KEY = b"key of the digests"


def facts(worker: Worker, key: bytes | None = None, **args: Any) -> dict[str, Any]:
    return worker.call("facts", args, *([key] if key is not None else []), run=None, epoch=None)


def value(section: dict[str, Any]) -> Any:
    assert section["ok"], section
    return section["value"]


def test_every_section_is_there_and_a_failed_one_says_why(worker: Worker) -> None:
    found = facts(worker, services=[{"name": "TradingSystem-OrderManager", "probe": None, "ports": []}])
    assert " ".join(found) == (
        "host agent lock services revisions runtimes secrets paths firewall transactions releases adopted"
    )
    if platform.system() != "Windows":
        assert found["services"]["ok"] is False
        assert found["services"]["error"]["code"] == "unsupported"
    assert value(found["lock"])["record"]["run"] == "r1"
    assert value(found["transactions"]) == []
    assert value(found["adopted"]) == {}
    assert value(found["paths"]) == value(found["secrets"]) == value(found["firewall"]) == []


def test_the_machine(worker: Worker) -> None:
    machine = value(facts(worker)["host"])
    assert machine["computer"] == platform.node()
    assert machine["cores"] >= 1
    assert machine["memory_mb"] > 100
    assert 0 < machine["disk_free_mb"] <= machine["disk_total_mb"]
    assert machine["language_mode"] == "FullLanguage"
    again = value(facts(worker)["host"])
    assert again["boot_id"] == machine["boot_id"]
    assert again["uptime_s"] > machine["uptime_s"]


def revision(folder: Path, files: dict[str, bytes]) -> Path:
    """A revision as it is staged; gives its folder."""
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    config = {name: digest for name, digest in digests.items() if name.startswith("conf")}
    manifest = {"format": 1, "files": digests, "config": config, "stop_s": 1.5, "at": "2026-11-24T18:10:00Z"}
    content = json.dumps(manifest).encode()
    made = folder / f"1.4.2-{hashlib.sha256(content).hexdigest()[:12]}"
    for name, data in {**files, "revision.json": content}.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_bytes(data)
    return made


def test_revisions_are_complete_when_name_and_files_are(worker: Worker, host: WholeHost) -> None:
    releases = host.root / "releases/TradingSystem-OrderManager"
    whole = revision(
        releases, {"app.exe": b"1", "conf/a.json": "{é}".encode(), "conf/b": b"\xff", "conf/c": b"x" * 16_385}
    )
    short = revision(releases, {"app.exe": b"other"})
    (short / "app.exe").unlink()
    for name in ("foreign", "x.tmp-12", "x.damaged-1", "torn"):
        (releases / name).mkdir()
    (releases / "torn/revision.json").write_bytes(b"{torn")
    found = {item["name"]: item for item in value(facts(worker)["revisions"])}
    assert sorted(found) == sorted([whole.name, short.name, "foreign", "torn"])
    manifest = (whole / "revision.json").read_bytes()
    assert found[whole.name] == {
        "service": "TradingSystem-OrderManager",
        "folder": str(whole),
        "name": whole.name,
        "manifest_sha256": hashlib.sha256(manifest).hexdigest(),
        "complete": True,
        "manifest": json.loads(manifest),
        "contents": {"conf/a.json": "{é}"},
    }
    assert [found[name]["complete"] for name in (short.name, "foreign", "torn")] == [False, False, False]
    assert (found["foreign"]["manifest_sha256"], found["foreign"]["manifest"], found["torn"]["manifest"]) == (
        "",
        None,
        None,
    )


def test_runtimes_are_folders_of_name_and_version(worker: Worker, host: WholeHost) -> None:
    (host.root / "runtimes/dotnet/8.0.30").mkdir(parents=True)
    (host.root / "runtimes/node/18.20.8/bin").mkdir(parents=True)
    found = value(facts(worker, runtimes_dir=str(host.root / "runtimes"))["runtimes"])
    assert found == [
        {"name": "dotnet", "version": "8.0.30", "complete": False},
        {"name": "node", "version": "18.20.8", "complete": True},
    ]
    assert value(facts(worker, runtimes_dir=str(host.root / "none"))["runtimes"]) == []


def test_secrets_show_a_keyed_digest_only(worker: Worker, tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"canary-secret")
    asked = [{"service": "S", "name": name, "path": str(tmp_path / name)} for name in ("there", "absent")]
    found = facts(worker, KEY, secrets=asked)["secrets"]
    assert [(item["exists"], item["digest"]) for item in value(found)] == [
        (True, hmac.new(KEY, b"canary-secret", hashlib.sha256).hexdigest()),
        (False, ""),
    ]
    assert "canary" not in json.dumps(found)
    assert worker.refusal("facts", {"secrets": asked}, run=None, epoch=None)["code"] == "bad-request"


def test_paths_tell_their_kind_and_bytes(worker: Worker, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"data")
    asked = [str(tmp_path / "file"), str(tmp_path), str(tmp_path / "absent")]
    found = value(facts(worker, paths=asked)["paths"])
    assert [(item["path"], item["kind"], item["size"], item["sha256"]) for item in found] == [
        (asked[0], "file", 4, hashlib.sha256(b"data").hexdigest()),
        (asked[1], "dir", 0, ""),
        (asked[2], "absent", 0, ""),
    ]
    assert facts(worker, paths=["relative"])["paths"]["error"]["code"] == "bad-request"


@pytest.mark.parametrize("content", [b"", b"no json"])
def test_a_damaged_record_is_a_failed_section_not_an_empty_one(worker: Worker, host: WholeHost, content: bytes) -> None:
    path = host.root / "state/releases.json"
    path.write_bytes(content)
    section = facts(worker)["releases"]
    path.unlink()
    assert section["ok"] is False
