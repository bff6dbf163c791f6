"""Transactions: every way they end, and what their journals say."""

from typing import Any

import pytest

from deploy.wire.journal import decode_records, encode_record
from tests.contract.connection import Connection, sha256, step
from tests.contract.host_half import TASK_PATH, HostHalf
from tests.contract.leftover import Leftover
from tests.contract.stand_in import NAME, Service, configuration
from tests.contract.waiting import until

ROOT = r"C:\TradingSystem"
DATA = rf"{ROOT}\data"


def put(name: str, stream: int = 0, content: bytes = b"new") -> dict[str, Any]:
    args: dict[str, Any] = {"path": rf"{DATA}\{name}", "sha256": sha256(content), "size": len(content), "acl": None}
    return step("file.put", f"put-{name}", **args, data={"data": stream})


FAILING = step("service.start", "fails", name="Absent")


def submit(worker: Connection, tx: str, *steps: dict[str, Any], data: tuple[bytes, ...] = (b"new",)) -> dict[str, Any]:
    return worker.must("tx.submit", {"tx": tx, "steps": list(steps), "await_s": 30, "follow": True}, data)


def kinds(result: dict[str, Any]) -> list[str]:
    return [record["t"] for record in result["records"]]


@pytest.fixture
def service(host: HostHalf, worker: Connection) -> Service:
    service = Service(host, worker)
    service.run()
    return service


def test_committed(worker: Connection, host: HostHalf) -> None:
    result = submit(worker, "tx 1".replace(" ", "-"), put("a"), put("b"))
    assert result["outcome"] == "committed"
    assert kinds(result) == ["submitted", "begun", "doing", "done", "doing", "done", "ended"]
    assert host.path(rf"{DATA}\b").read_bytes() == b"new"
    first = result["records"][0]
    assert (first["run"], first["epoch"], first["await_s"]) == (worker.run, worker.epoch, 30)
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


def test_promise_3_a_failed_gate_brings_everything_back(service: Service) -> None:
    before = service.fact()
    steps = [
        service.stop(),
        step("service.configure", **configuration(service.image_path, description="new")),
        service.step("start_type", start="manual"),
        step("secret.put", path=rf"{ROOT}\secrets\S\x", data={"data": 0}, service=NAME),
        service.start(),
        service.healthy(0.3, manifest_sha256="0" * 64),
    ]
    result = submit(service.worker, "t", *steps)
    assert result["outcome"] == "undone"
    after = service.fact()
    assert after["registration"] == before["registration"]
    assert after["state"] == "Running"
    assert not service.host.path(rf"{ROOT}\secrets\S\x").exists()


def test_an_expectation_is_checked_before_anything_is_done(service: Service) -> None:
    before = service.fact()
    late = step("service.start_type", "late", expect={"image_path": "other"}, name=NAME, start="auto")
    result = submit(service.worker, "t", service.stop(), late)
    assert result["outcome"] == "dropped"
    assert result["records"][-1]["error"]["code"] == "unexpected-state"
    assert result["records"][-1]["error"]["where"] == "late"
    assert kinds(result) == ["submitted", "ended"]
    assert service.fact() == before


def test_expectations_of_one_service_are_those_before_the_transaction(service: Service) -> None:
    steps = [
        {**service.stop(), "expect": {"start": "auto"}},
        {**service.step("start_type", start="auto"), "expect": {"start": "auto"}},
        service.start(),
    ]
    assert submit(service.worker, "t", *steps)["outcome"] == "committed"


def test_a_stop_that_does_not_end_is_stuck_and_undone_once_it_has(host: HostHalf, worker: Connection) -> None:
    service = Service(host, worker, faults={"hangOnStop": True})
    service.run()
    pid = service.fact()["pid"]
    result = submit(worker, "t", service.stop("stuck", 0.3), put("a"))
    assert result["outcome"] == "stuck"
    assert result["records"][-1]["phase"] == "do"
    assert result["records"][-1]["error"]["code"] == "still-running"
    (told,) = worker.must("facts")["transactions"]["value"]
    assert (told["tx"], told["state"], told["step"]) == ("t", "stuck", "service.stop")
    task = worker.must("facts")["agent"]["value"]["task"]
    assert task["enabled"], "somebody has to look again"
    assert worker.ask("tx.submit", {"tx": "u", "steps": [put("a")], "await_s": 30}, [b"x"]).code == "transaction-open"

    host.settle()
    assert worker.must("tx.read", {"tx": "t", "after": 0})["outcome"] == "stuck", "it still runs"
    host.kernel.kill(pid)
    until(lambda: service.fact()["state"] == "Stopped")
    host.settle()
    assert worker.must("tx.follow", {"tx": "t", "after": 0})["outcome"] == "undone"
    assert service.fact()["state"] == "Running"
    assert service.fact()["registration"]["start"] == "auto"


def test_an_undo_that_fails_is_stuck_and_tried_again(host: HostHalf, worker: Connection) -> None:
    host.path(DATA).mkdir(parents=True)
    host.path(rf"{DATA}\a").write_bytes(b"old")
    blocker = host.service("Other", 5055)
    slow = step("service.create", name=NAME, image_path=blocker, display_name="", description="", account="LocalSystem")
    worker.apply(slow)
    service = step("service.healthy", "wait", **_unhealthy(NAME))
    worker.send("tx.submit", {"tx": "t", "steps": [put("a"), service], "await_s": 30, "follow": False}, [b"new"])
    until(lambda: host.path(rf"{DATA}\a").read_bytes() == b"new")
    host.path(rf"{DATA}\a").unlink()
    host.path(rf"{DATA}\a").mkdir()
    (host.path(rf"{DATA}\a") / "in the way").write_bytes(b"")
    reader = host.worker()
    stuck = reader.must("tx.follow", {"tx": "t", "after": 0})
    assert stuck["outcome"] == "stuck"
    assert stuck["records"][-1]["phase"] == "undo"
    (host.path(rf"{DATA}\a") / "in the way").unlink()
    host.path(rf"{DATA}\a").rmdir()
    host.settle()
    assert reader.must("tx.follow", {"tx": "t", "after": 0})["outcome"] == "undone"
    assert host.path(rf"{DATA}\a").read_bytes() == b"old"


def _unhealthy(name: str) -> dict[str, Any]:
    probe = {"kind": "process"}
    gate = {"folder": None, "manifest_sha256": None, "probe": probe, "min_healthy_s": 0.1, "interval_s": 0.02}
    return {"name": name, "deadline_s": 1.5, **gate}


def test_cancelled_before_the_next_step(host: HostHalf, service: Service) -> None:
    waiting = service.healthy(3, min_healthy_s=1.0)
    seq = service.worker.send(
        "tx.submit", {"tx": "t", "steps": [put("a"), waiting, put("b")], "await_s": 30, "follow": True}, [b"new"]
    )
    until(lambda: host.path(rf"{DATA}\a").exists())
    second = host.worker()
    assert second.ask("tx.cancel", {"tx": "t"}, run="somebody", epoch=1).code == "not-holder"
    assert second.ask("tx.cancel", {"tx": "t"}, run=service.worker.run, epoch=service.worker.epoch).ok
    result = service.worker.answer(seq).result
    assert result["outcome"] == "undone"
    assert result["records"][-1]["error"]["code"] == "cancelled"
    assert not host.path(rf"{DATA}\a").exists()
    assert not host.path(rf"{DATA}\b").exists()


def test_one_that_is_no_longer_awaited_is_dropped(host: HostHalf, worker: Connection) -> None:
    result = worker.must("tx.submit", {"tx": "t", "steps": [put("a")], "await_s": 0, "follow": True}, [b"new"])
    assert result["outcome"] == "dropped"
    assert not host.path(rf"{DATA}\a").exists()


def test_progress_comes_once_and_the_answer_has_everything(service: Service) -> None:
    answer = service.worker.answer(
        service.worker.send(
            "tx.submit",
            {"tx": "t", "steps": [service.healthy(10, min_healthy_s=2.2)], "await_s": 30, "follow": True},
        )
    )
    (progress,) = answer.events
    assert (progress["event"], progress["tx"]) == ("progress", "t")
    assert progress["records"] == answer.result["records"][: len(progress["records"])]
    assert progress["records"][-1]["t"] == "doing"
    assert kinds(answer.result)[-1] == "ended"


def test_follow_and_read_from_a_position_by_anybody(worker: Connection, host: HostHalf) -> None:
    whole = submit(worker, "t", put("a"))
    stranger = host.worker()
    for verb in ("tx.follow", "tx.read"):
        assert stranger.must(verb, {"tx": "t", "after": 0})["records"] == whole["records"]
        assert stranger.must(verb, {"tx": "t", "after": 3})["records"] == whole["records"][3:]
        assert stranger.ask(verb, {"tx": "none", "after": 0}).code == "missing"
        assert stranger.ask(verb, {"tx": r"..\evil", "after": 0}).code == "bad-request"
        assert stranger.ask(verb, {"tx": "t", "after": -1}).code == "bad-request"


def test_nothing_is_submitted_twice(worker: Connection, host: HostHalf) -> None:
    submit(worker, "t", put("a"))
    host.path(rf"{DATA}\a").unlink()
    again = worker.ask("tx.submit", {"tx": "t", "steps": [put("a")], "await_s": 30, "follow": True}, [b"new"])
    assert again.code == "exists"
    assert not host.path(rf"{DATA}\a").exists()


@pytest.mark.parametrize("steps", [[], [{"id": "x"}], [step("no.verb")], "text"])
def test_nothing_malformed_reaches_a_journal(worker: Connection, host: HostHalf, steps: Any) -> None:
    assert worker.ask("tx.submit", {"tx": "t", "steps": steps, "await_s": 30}, [b"x"]).code == "bad-request"
    assert worker.ask("tx.read", {"tx": "t", "after": 0}).code == "missing"
    assert not host.path(rf"{ROOT}\state\transactions\t.d").exists()


def test_the_shell_goes_while_the_executor_works(host: HostHalf, service: Service) -> None:
    service.worker.send(
        "tx.submit", {"tx": "t", "steps": [service.healthy(5, min_healthy_s=0.8), put("a")], "await_s": 30}, [b"new"]
    )
    reader = host.worker()
    until(lambda: "doing" in kinds(reader.must("tx.read", {"tx": "t", "after": 0})) if _known(reader) else False)
    service.worker.close()
    refused = reader.ask("lock.acquire", {"run": "r", "who": "w", "kind": "k", "since": "s", "epoch": 0})
    assert refused.code == "transaction-open"
    assert reader.must("tx.follow", {"tx": "t", "after": 0})["outcome"] == "committed"
    assert host.path(rf"{DATA}\a").read_bytes() == b"new"
    reader.lock("run-2")


def _known(reader: Connection) -> bool:
    return reader.ask("tx.read", {"tx": "t", "after": 0}).ok


@pytest.mark.parametrize("torn", [b"J1 20 deadbeef {", b"J1", b"\0" * 30])
def test_a_torn_tail_is_cut_off(worker: Connection, host: HostHalf, torn: bytes) -> None:
    submit(worker, "t", step("dir.ensure", path=DATA, acl=None), data=())
    journal = host.path(rf"{ROOT}\state\transactions\t.journal")
    # Its executor reads the journals once more before it ends
    host.settled()
    sound = decode_records(journal.read_bytes()).records
    journal.write_bytes(b"".join(encode_record(record) for record in sound[:-1]) + torn)
    assert [each["tx"] for each in worker.must("facts")["transactions"]["value"]] == ["t"]
    host.kernel.task_enable(TASK_PATH, True)
    host.settle()
    until(lambda: worker.must("tx.read", {"tx": "t", "after": 0})["outcome"] == "undone")
    assert decode_records(journal.read_bytes()).records[: len(sound) - 1] == sound[:-1]


def test_a_damaged_journal_is_for_a_human(worker: Connection, host: HostHalf) -> None:
    submit(worker, "t", put("a"))
    journal = host.path(rf"{ROOT}\state\transactions\t.journal")
    content = bytearray(journal.read_bytes())
    content[40] ^= 1
    journal.write_bytes(content)
    (told,) = worker.must("facts")["transactions"]["value"]
    assert (told["tx"], told["state"]) == ("t", "unreadable")
    assert worker.must("tx.follow", {"tx": "t", "after": 0})["outcome"] == "unreadable"
    host.settle()
    assert journal.read_bytes() == bytes(content), "nobody guesses"


def test_promise_7_no_secret_in_a_journal(worker: Connection, host: HostHalf) -> None:
    secret = step("secret.put", path=rf"{ROOT}\secrets\S\x", data={"data": 0}, service="S")
    worker.apply(secret, data=[b"canary-old"])
    result = submit(worker, "t", secret, FAILING, data=(b"canary-new",))
    assert result["outcome"] == "undone"
    assert host.path(rf"{ROOT}\secrets\S\x").read_bytes() == b"canary-old"
    until(lambda: not host.path(rf"{ROOT}\state\transactions\t.d").exists())
    holding = [path for path in host.path(ROOT).rglob("*") if path.is_file() and b"canary" in path.read_bytes()]
    assert holding == [host.path(rf"{ROOT}\secrets\S\x")]


def test_following_what_nobody_may_begin_any_more_ends(host: HostHalf, worker: Connection) -> None:
    """Nobody starts an executor, and none is awaited: who follows drops it, so no worker is busy for ever."""
    Leftover(host, worker, await_s=0).write("t")
    host.kernel.task_delete(TASK_PATH)
    result = host.worker().must("tx.follow", {"tx": "t", "after": 0})
    assert result["outcome"] == "dropped"
    assert result["records"][-1]["error"]["code"] == "timeout"
    assert not host.path(Leftover.FOLDER).exists()


def test_the_journal_says_that_its_executor_ended(host: HostHalf, worker: Connection) -> None:
    doing = {"t": "doing", "i": 0, "id": "ensure", "verb": "dir.ensure", "undo": None, "deadline_up": 1.0}
    Leftover(host, worker).write("t", {"t": "begun", "pid": 1, "started": "x"}, doing)
    host.kernel.task_enable(TASK_PATH, True)
    host.settle()
    result = worker.must("tx.read", {"tx": "t", "after": 0})
    assert kinds(result)[3:] == ["failed", "undoing", "undo-done", "ended"]
    failed = result["records"][3]
    assert (failed["i"], failed["error"]["code"], failed["error"]["where"]) == (0, "cancelled", "ensure")
    assert result["records"][-1]["error"] == failed["error"]


def test_cancelling_what_has_ended_leaves_nothing(host: HostHalf, worker: Connection) -> None:
    submit(worker, "t", put("a"))
    host.settled()
    assert worker.must("tx.cancel", {"tx": "t"}) == {}
    assert not host.path(rf"{ROOT}\state\transactions\t.cancel").exists()


@pytest.mark.parametrize(
    ("expect", "holds"),
    [
        ({"environment": {"MODE": "a=b"}}, True),
        ({"environment": {}}, True),
        ({"environment": {"MODE": "b"}}, False),
        ({"environment": {"MODE": "a=b", "NONE": "x"}}, False),
        ({"depends_on": []}, True),
        ({"depends_on": ["Tcpip"]}, False),
        ({"exists": 1}, False),
    ],
)
def test_an_expectation_is_a_subset_however_deep(
    host: HostHalf, worker: Connection, expect: dict[str, Any], holds: bool
) -> None:
    service = Service(host, worker)
    worker.apply(step("service.configure", **configuration(service.image_path)))
    result = submit(worker, "t", {**service.step("start_type", start="disabled"), "expect": expect}, data=())
    assert result["outcome"] == ("committed" if holds else "dropped")


def test_a_data_folder_has_a_reserve_while_its_transaction_is_open(host: HostHalf, worker: Connection) -> None:
    service = Service(host, worker)
    service.run()
    reserve = host.path(rf"{ROOT}\state\transactions\t.d\reserve")
    gate = service.healthy(5, min_healthy_s=0.5)
    assert not worker.ask("tx.submit", {"tx": "t", "steps": [gate], "await_s": 30, "follow": False}).error
    assert len(reserve.read_bytes()) == 65536
    assert len(set(reserve.read_bytes())) > 1, "a file system may leave out bytes that are all the same"
    assert worker.must("tx.follow", {"tx": "t", "after": 0})["outcome"] == "committed"
    host.settled()
    assert not reserve.exists()


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
