"""file.put, file.fetch, secret.put, dir.*, cache.prune, release.attest: over a real worker."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.unit.agent.engine import Worker
from tests.unit.agent_primitives.conftest import Apply, WholeHost
from tests.unit.agent_primitives.listeners import Listener

ACL = {"inherit": False, "grants": [{"sid": "S-1-5-18", "rights": "full"}]}


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def put(path: Path, data: bytes, **changes: Any) -> dict[str, Any]:
    return {"path": str(path), "sha256": digest(data), "size": len(data), "data": {"data": 0}, "acl": None, **changes}


def test_a_put_file_has_its_bytes_and_a_second_put_changes_nothing(apply: Apply, folder: Path) -> None:
    data = bytes(range(256)) * 5000
    first = apply("file.put", put(folder / "sub/x.bin", data), data)
    assert first == {"id": "step", "changed": True, "detail": {"was": "absent"}}
    assert (folder / "sub/x.bin").read_bytes() == data
    assert apply("file.put", put(folder / "sub/x.bin", data, acl=ACL), data)["changed"] is False
    assert apply("file.put", put(folder / "sub/x.bin", b"new"), b"new")["detail"] == {"was": "other bytes"}
    assert (folder / "sub/x.bin").read_bytes() == b"new"
    assert [path.name for path in (folder / "sub").iterdir()] == ["x.bin"]


def test_a_dry_run_tells_the_same_and_does_nothing(apply: Apply, folder: Path) -> None:
    assert apply("file.put", put(folder / "x", b"data"), b"data", dry=True)["changed"] is True
    assert apply("dir.ensure", {"path": str(folder), "acl": None}, dry=True)["changed"] is True
    assert not folder.exists()


def test_bytes_that_were_not_announced_are_not_put(apply: Apply, folder: Path) -> None:
    apply("file.put", put(folder / "x", b"old"), b"old")
    error = apply("file.put", put(folder / "x", b"wanted"), b"others")
    assert error["code"] == "checksum"
    assert error["where"] == "step"
    assert [path.read_bytes() for path in folder.iterdir()] == [b"old"]


def test_paths_that_lead_elsewhere_are_refused(apply: Apply, host: WholeHost, folder: Path, tmp_path: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "link").symlink_to(tmp_path)
    bad = [
        "relative",
        "",
        5,
        None,
        "/etc/hosts",
        str(host.root),
        f"{folder}/../x",
        f"{folder}/link/x",
        f"{folder}/a:b",
        f"{folder}/con",
    ]
    codes = [apply("file.put", {**put(folder, b""), "path": path}, b"")["code"] for path in bad]
    assert codes == ["bad-request"] * len(bad)
    assert apply("file.put", put(folder / ("x" * 256), b""), b"")["code"] == "path-too-long"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("verb", "args"),
    [
        ("file.put", {"path": "/x"}),
        ("dir.ensure", {"path": "/x", "acl": None, "more": 1}),
        ("dir.ensure", {"path": "{root}/x", "acl": {"grants": []}}),
        ("dir.ensure", {"path": "{root}/x", "acl": {"inherit": True, "grants": [{"sid": "S-1-1-0", "rights": "all"}]}}),
        ("dir.ensure", {"path": "{root}/x", "acl": {"inherit": True, "grants": [{"rights": "full"}]}}),
        ("release.attest", {"release": "1", "run": "r", "revisions": {}, "status": "fine"}),
        ("service.healthy", {"name": "x"}),
        ("no.such", {}),
    ],
)
def test_wrong_arguments_are_refused(apply: Apply, host: WholeHost, verb: str, args: dict[str, Any]) -> None:
    given = json.loads(json.dumps(args).replace("{root}", str(host.root)))
    assert apply(verb, given)["code"] == "bad-request"


def test_an_undo_brings_back_bytes_and_absence(host: WholeHost, folder: Path, tmp_path: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "old").write_bytes(b"old")
    (tmp_path / "data-0").write_bytes(b"new")
    args = [{**put(folder / name, b"new"), "data": {"file": "data-0"}} for name in ("old", "absent")]
    steps = [{"id": f"s{at}", "verb": "file.put", "args": item} for at, item in enumerate(args)]
    secret = {"path": str(folder / "old"), "data": {"file": "data-0"}, "service": "TradingSystem-OrderManager"}
    steps.append({"id": "s2", "verb": "secret.put", "args": secret})
    done = host.run("there_and_back.ps1", {"steps": steps, "data": str(tmp_path)}, "-Root", str(host.root))
    assert [item["changed"] for item in done] == [True, True, False]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"old": b"old"}


def test_a_fetched_file_comes_by_http_with_its_headers(apply: Apply, folder: Path, http: Listener) -> None:
    data = os.urandom(3_000_000)
    http.answers["/a.zip?x=1"] = [(200, data)]
    args = {"url": f"{http.url}/a.zip?x=1", "path": str(folder / "a.zip"), "sha256": digest(data), "size": len(data)}
    assert apply("file.fetch", {**args, "headers": {"X-Token": "t"}})["changed"] is True
    assert (folder / "a.zip").read_bytes() == data
    assert http.seen[0][2]["X-Token"] == "t"
    assert apply("file.fetch", {**args, "headers": {}})["changed"] is False
    assert len(http.seen) == 1


def test_what_cannot_be_fetched_says_why_and_leaves_nothing(apply: Apply, folder: Path, http: Listener) -> None:
    http.answers |= {
        "/long": [(200, b"x" * 200)],
        "/broken": [(500, b"")],
        "/moved": [(302, b"")],
        "/stall": [(200, b"stall")],
    }

    def fetch(url: str, deadline_s: float = 20) -> str:
        args = {"url": url, "path": str(folder / "a"), "sha256": digest(b"x"), "size": 100, "headers": {}}
        return str(apply("file.fetch", args, deadline_s=deadline_s)["code"])

    assert fetch(f"{http.url}/none") == "missing"
    assert fetch(f"{http.url}/long") == "checksum"
    assert fetch(f"{http.url}/broken") == "unreachable"
    assert fetch(f"{http.url}/moved") == "unreachable"
    assert fetch("http://127.0.0.1:1/x") == "unreachable"
    assert fetch("file:///etc/hosts") == "bad-request"
    assert fetch(f"{http.url}/stall", deadline_s=0.3) in {"unreachable", "timeout"}
    assert list(folder.iterdir()) == []


def test_a_secret_is_written_and_its_error_shows_neither_it_nor_its_digest(
    apply: Apply, folder: Path, worker: Worker
) -> None:
    args = {"path": str(folder / "s"), "data": {"data": 0}, "service": "TradingSystem-OrderManager"}
    assert apply("secret.put", args, b"canary-secret")["changed"] is True
    assert (folder / "s").read_bytes() == b"canary-secret"
    assert apply("secret.put", args, b"canary-secret")["changed"] is False
    (folder / "d/s").mkdir(parents=True)
    error = json.dumps(apply("secret.put", {**args, "path": str(folder / "d/s")}, b"canary-secret"))
    assert '"exists"' in error
    blocked = json.dumps(apply("secret.put", {**args, "path": str(folder / "s/below")}, b"canary-secret"))
    assert "could not be written" in blocked
    for text in (error, blocked):
        assert "canary-secret" not in text
        assert digest(b"canary-secret") not in text
    assert apply("secret.put", {**args, "service": "a\\b"}, b"x")["code"] == "bad-request"


def test_a_folder_is_made_once_and_removed_with_what_is_in_it_but_not_behind_its_links(
    apply: Apply, folder: Path, tmp_path: Path
) -> None:
    assert apply("dir.ensure", {"path": str(folder / "a/b"), "acl": None})["detail"] == {"created": True}
    assert apply("dir.ensure", {"path": str(folder / "a/b"), "acl": None})["changed"] is False
    (tmp_path / "kept").write_text("kept")
    (folder / "a/link").symlink_to(tmp_path)
    (folder / "a/b/x").write_text("x")
    assert apply("dir.ensure", {"path": str(folder / "a/b/x"), "acl": None})["code"] == "exists"
    assert apply("dir.remove", {"path": str(folder / "a/b/x")})["code"] == "bad-request"
    assert apply("dir.remove", {"path": str(folder / "a")})["changed"] is True
    assert not (folder / "a").exists()
    assert (tmp_path / "kept").read_text() == "kept"
    assert apply("dir.remove", {"path": str(folder / "a")})["changed"] is False
    (folder / "link").symlink_to(tmp_path)
    assert apply("dir.remove", {"path": str(folder / "link")})["changed"] is True
    assert (tmp_path / "kept").exists()


def test_the_root_may_be_ensured_but_not_removed(apply: Apply, host: WholeHost) -> None:
    assert apply("dir.ensure", {"path": str(host.root), "acl": None})["changed"] is False
    assert apply("dir.remove", {"path": str(host.root)})["code"] == "bad-request"


def test_pruning_removes_folders_and_files_that_are_not_kept(apply: Apply, folder: Path) -> None:
    for name in ("a", "b", "c"):
        (folder / name).mkdir(parents=True)
        (folder / name / "x").write_text(name)
    (folder / "z.zip").write_text("zip")
    (folder / "left.tmp-removed").mkdir()
    args = {
        "keep": [str(folder / "a"), str(folder / "b")],
        "folders": [str(folder / name) for name in ("b", "c", "z.zip", "gone")],
    }
    removed = [str(folder / "c"), str(folder / "z.zip")]
    assert apply("cache.prune", args, dry=True)["detail"] == {"removed": removed}
    assert apply("cache.prune", args) == {"id": "step", "changed": True, "detail": {"removed": removed}}
    assert sorted(path.name for path in folder.iterdir()) == ["a", "b"]
    assert apply("cache.prune", args)["changed"] is False


def test_attestations_are_kept_oldest_first_and_told_by_the_facts(apply: Apply, worker: Worker) -> None:
    args = {
        "release": "1.4.2",
        "run": "r1",
        "revisions": {"TradingSystem-OrderManager": "1.4.2-abcdef012345"},
        "status": "good",
    }
    assert apply("release.attest", args)["changed"] is True
    assert apply("release.attest", args)["changed"] is False
    assert apply("release.attest", {**args, "run": "r2", "status": "bad"})["changed"] is True
    section = worker.call("facts", {}, run=None, epoch=None)["releases"]
    assert section["ok"]
    assert [(item["release"], item["status"], item["run"], item["revisions"]) for item in section["value"]] == [
        ("1.4.2", "good", "r1", args["revisions"]),
        ("1.4.2", "bad", "r2", args["revisions"]),
    ]
