"""Following a transaction, by whoever wants to know."""

import pytest

from tests.contract.connection import Connection
from tests.contract.host_half import HostHalf
from tests.contract.leftover import Leftover
from tests.contract.stand_in import Service
from tests.contract.transactions import DATA, at_gate, begin, kinds, put, submit
from tests.contract.waiting import until

pytestmark = pytest.mark.stand_in("task scheduler")


def test_progress_comes_once_and_the_answer_has_everything(running: Service) -> None:
    """It lasts until the test says so, and much less than the 20 s after which more would come."""
    waiting = running.until_drained()
    seq = running.worker.send("tx.submit", {"tx": "t", "steps": [waiting], "await_s": 60, "follow": True})
    frame = running.worker.frame()
    assert frame is not None
    assert (frame.kind, frame.seq) == ("E", seq)
    progress = frame.json()
    running.post("drain")
    answer = running.worker.answer(seq)
    assert answer.events == []
    assert (progress["event"], progress["tx"]) == ("progress", "t")
    assert progress["records"] == answer.result["records"][: len(progress["records"])]
    assert progress["records"][0]["t"] == "submitted"
    assert kinds(answer.result)[-1] == "ended"
    assert answer.result["outcome"] == "committed"


def test_two_follow_while_one_may_change(host: HostHalf, running: Service) -> None:
    begin(running.worker, "t", put("a"), running.until_drained())
    readers = [host.worker(), host.worker()]
    until(lambda: at_gate(readers[0], "t"))
    second = {"steps": [put("b")], "tx": "u", "run": "run-1"}
    assert readers[0].ask("tx.submit", second, [b"new"]).code == "not-holder"
    wanted = {"run": "run-2", "who": "w", "kind": "k", "since": "s", "epoch": 0}
    assert readers[0].ask("lock.acquire", wanted).code == "locked"
    assert [each["tx"] for each in readers[1].must("facts")["transactions"]["value"]] == ["t"]
    following = [(each, each.send("tx.follow", {"tx": "t", "after": 0})) for each in (*readers, running.worker)]
    running.post("drain")
    results = [each.answer(seq).result for each, seq in following]
    assert results[0]["outcome"] == "committed"
    assert results[0]["records"] == results[1]["records"] == results[2]["records"]


def test_follow_and_read_from_a_position_by_anybody(worker: Connection, host: HostHalf) -> None:
    whole = submit(worker, "t", put("a"))
    stranger = host.worker()
    for verb in ("tx.follow", "tx.read"):
        assert stranger.must(verb, {"tx": "t", "after": 0})["records"] == whole["records"]
        assert stranger.must(verb, {"tx": "t", "after": 3})["records"] == whole["records"][3:]
        assert stranger.ask(verb, {"tx": "none", "after": 0}).code == "missing"
        assert stranger.ask(verb, {"tx": r"..\evil", "after": 0}).code == "bad-request"
        assert stranger.ask(verb, {"tx": "t", "after": -1}).code == "bad-request"


def test_the_shell_goes_while_the_executor_works(host: HostHalf, running: Service) -> None:
    gate = running.until_drained()
    running.worker.send("tx.submit", {"tx": "t", "steps": [gate, put("a")], "await_s": 60, "follow": True}, [b"new"])
    reader = host.worker()
    until(lambda: at_gate(reader, "t"))
    running.worker.close()
    refused = reader.ask("lock.acquire", {"run": "r", "who": "w", "kind": "k", "since": "s", "epoch": 0})
    assert refused.code == "transaction-open"
    running.post("drain")
    assert reader.must("tx.follow", {"tx": "t", "after": 0})["outcome"] == "committed"
    assert host.path(rf"{DATA}\a").read_bytes() == b"new"
    reader.lock("run-2")


def test_following_what_nobody_may_begin_any_more_ends(host: HostHalf, worker: Connection) -> None:
    """Nobody starts an executor, and none is awaited: who follows drops it, so no worker is busy for ever."""
    Leftover(host, worker, await_s=0).write("t")
    host.delete_task()
    result = host.worker().must("tx.follow", {"tx": "t", "after": 0})
    assert result["outcome"] == "dropped"
    assert result["records"][-1]["error"]["code"] == "timeout"
    assert not host.path(Leftover.FOLDER).exists()
