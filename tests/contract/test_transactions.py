"""Transactions: how they end, what is expected before, what is left after."""

from typing import Any

import pytest

from tests.contract.connection import Connection, step
from tests.contract.host_half import ROOT, HostHalf
from tests.contract.stand_in import NAME, PORT, Service, configuration
from tests.contract.transactions import DATA, FAILING, kinds, put, submit
from tests.contract.waiting import until

pytestmark = pytest.mark.stand_in("task scheduler")


def test_committed(worker: Connection, host: HostHalf) -> None:
    result = submit(worker, "tx 1".replace(" ", "-"), put("a"), put("b"))
    assert result["outcome"] == "committed"
    assert kinds(result) == ["submitted", "begun", "doing", "done", "doing", "done", "ended"]
    assert host.path(rf"{DATA}\b").read_bytes() == b"new"
    first = result["records"][0]
    assert (first["run"], first["epoch"], first["await_s"]) == (worker.run, worker.epoch, 60)
    assert first["steps"][0]["args"]["data"] == {"file": "data-0"}
    assert all({"at", "up", "boot"} <= record.keys() for record in result["records"])
    until(lambda: worker.must("facts")["agent"]["value"]["task"]["enabled"] is False)
    state = host.path(rf"{ROOT}\state\transactions")
    until(lambda: [path.name for path in state.iterdir()] == ["tx-1.journal"])


def test_undone_in_reverse(worker: Connection, host: HostHalf) -> None:
    host.path(DATA).mkdir(parents=True)
    host.path(rf"{DATA}\a").write_bytes(b"old")
    result = submit(worker, "t", put("a"), put("b"), FAILING)
    assert result["outcome"] == "undone"
    assert [record["i"] for record in result["records"] if record["t"] == "undo-done"] == [2, 1, 0]
    assert result["records"][-1]["error"]["code"] == "missing"
    assert result["records"][-1]["error"]["where"] == "fails"
    assert host.path(rf"{DATA}\a").read_bytes() == b"old"
    assert not host.path(rf"{DATA}\b").exists()


def test_promise_3_a_failed_gate_brings_everything_back(running: Service) -> None:
    before = running.fact()
    steps = [
        running.stop(),
        step("service.configure", **configuration(running.image_path, description="new")),
        running.step("start_type", start="manual"),
        step("secret.put", path=rf"{ROOT}\secrets\S\x", data={"data": 0}, service=NAME),
        running.start(),
        running.healthy(0.3, manifest_sha256="0" * 64),
    ]
    result = submit(running.worker, "t", *steps)
    assert result["outcome"] == "undone"
    after = running.fact()
    assert after["registration"] == before["registration"]
    assert after["state"] == "Running"
    assert not running.host.path(rf"{ROOT}\secrets\S\x").exists()


def test_an_expectation_is_checked_before_anything_is_done(running: Service) -> None:
    before = running.fact()
    late = step("service.start_type", "late", expect={"image_path": "other"}, name=NAME, start="auto")
    result = submit(running.worker, "t", running.stop(), late)
    assert result["outcome"] == "dropped"
    assert result["records"][-1]["error"]["code"] == "unexpected-state"
    assert result["records"][-1]["error"]["where"] == "late"
    assert kinds(result) == ["submitted", "ended"]
    assert running.fact() == before


def test_expectations_of_one_service_are_those_before_the_transaction(running: Service) -> None:
    steps = [
        {**running.stop(), "expect": {"start": "auto"}},
        {**running.step("start_type", start="auto"), "expect": {"start": "auto"}},
        running.start(),
    ]
    assert submit(running.worker, "t", *steps)["outcome"] == "committed"


def test_one_that_is_no_longer_awaited_is_dropped(host: HostHalf, worker: Connection) -> None:
    result = worker.must("tx.submit", {"tx": "t", "steps": [put("a")], "await_s": 0, "follow": True}, [b"new"])
    assert result["outcome"] == "dropped"
    assert not host.path(rf"{DATA}\a").exists()


def test_nothing_is_submitted_twice(worker: Connection, host: HostHalf) -> None:
    submit(worker, "t", put("a"))
    host.path(rf"{DATA}\a").unlink()
    again = worker.ask("tx.submit", {"tx": "t", "steps": [put("a")], "await_s": 30, "follow": True}, [b"new"])
    assert again.code == "exists"
    assert not host.path(rf"{DATA}\a").exists()


def test_nothing_malformed_reaches_a_journal(worker: Connection, host: HostHalf) -> None:
    good = [step("dir.ensure", path=DATA, acl=None)]
    malformed: list[dict[str, Any]] = [
        {"steps": []},
        {"steps": [{"id": "x"}]},
        {"steps": [step("no.verb")]},
        {"steps": "text"},
        {"steps": good * 2},
        {"steps": good, "await_s": "long"},
        {"steps": good, "tx": r"..\evil"},
        {"steps": good, "tx": ""},
        {"steps": good, "tx": "t" * 81},
    ]
    for changes in malformed:
        refused = worker.ask("tx.submit", {"tx": "t", "await_s": 30, **changes}, [b"x"])
        assert refused.code == "bad-request", changes
        assert worker.ask("tx.read", {"tx": "t", "after": 0}).code == "missing", changes
    transactions = host.path(rf"{ROOT}\state\transactions")
    assert not transactions.exists() or list(transactions.iterdir()) == []


def test_promise_7_no_secret_in_a_journal(worker: Connection, host: HostHalf) -> None:
    secret = step("secret.put", path=rf"{ROOT}\secrets\S\x", data={"data": 0}, service="S")
    worker.apply(secret, data=[b"canary-old"])
    result = submit(worker, "t", secret, FAILING, data=(b"canary-new",))
    assert result["outcome"] == "undone"
    assert host.path(rf"{ROOT}\secrets\S\x").read_bytes() == b"canary-old"
    until(lambda: not host.path(rf"{ROOT}\state\transactions\t.d").exists())
    holding = [path for path in host.path(ROOT).rglob("*") if path.is_file() and b"canary" in path.read_bytes()]
    assert holding == [host.path(rf"{ROOT}\secrets\S\x")]


@pytest.mark.stand_in("access lists")
def test_every_verb_gives_back_what_it_found(host: HostHalf, running: Service) -> None:
    """Those whose undo no other case shows: registry, drain, start type, access list."""
    base = f"http://{host.address}:{PORT}"
    key = r"HKLM\SOFTWARE\TradingSystem"
    running.worker.apply(step("registry.set", key=key, name="old", type="REG_DWORD", value=7))
    acl = put("a", content=b"same")
    acl["args"]["acl"] = {"inherit": False, "grants": [{"sid": "S-1-5-32-544", "rights": "full"}]}
    running.worker.apply(acl, data=[b"same"])
    before = host.access(rf"{DATA}\a")
    done = {"url": f"{base}/health", "field": "draining", "equals": True}
    acl["args"]["acl"] = {"inherit": False, "grants": [{"sid": "S-1-5-18", "rights": "full"}]}
    steps = [
        step("registry.set", "set", key=key, name="new", type="REG_SZ", value="x"),
        step("registry.set", "change", key=key, name="old", type="REG_SZ", value="x"),
        running.step("drain", url=f"{base}/drain", done=done, undo_url=f"{base}/resume", settle_s=0),
        running.step("start_type", start="manual"),
        acl,
        FAILING,
    ]
    result = submit(running.worker, "t", *steps, data=(b"same",))
    assert result["outcome"] == "undone"
    kept = running.worker.change(step("registry.set", key=key, name="old", type="REG_DWORD", value=7))
    assert kept == [False], "type and value are the old ones"
    assert host.registry(key) == {"old"}
    fact = running.fact()
    assert fact["probe"]["body"]["draining"] is False
    assert fact["registration"]["start"] == "auto"
    assert host.access(rf"{DATA}\a") == before


def test_promise_10_what_a_run_leaves_is_listed(host: HostHalf, worker: Connection) -> None:
    """Everything is in the section "What is left on a host" of docs/protocol.md."""
    submit(worker, "t", step("dir.ensure", path=DATA, acl=None), data=())
    submit(worker, "u", step("dir.ensure", path=DATA, acl=None), FAILING, data=())
    host.settled()
    worker.must("lock.release")
    root = host.path(ROOT)
    left = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    modules = {name for name in left if name.endswith(".psm1")}
    assert len(modules) == 1
    assert left - modules == {
        "infrastructure/agent/executor.ps1",
        "state/lock.json",
        "state/transactions/t.journal",
        "state/transactions/u.journal",
    }
    folders = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_dir()}
    known = {"infrastructure", "infrastructure/agent", "state", "state/transactions", "state/incoming", "data"}
    assert folders <= known
