"""Transactions that cannot be undone yet."""

import pytest

from tests.contract.connection import Connection
from tests.contract.host_half import HostHalf
from tests.contract.stand_in import Service
from tests.contract.transactions import DATA, FAILING, at_gate, begin, put, submit
from tests.contract.waiting import until

pytestmark = pytest.mark.stand_in("task scheduler")


@pytest.mark.stand_in("services that died")
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
    host.kill(pid)
    until(lambda: service.fact()["state"] == "Stopped")
    host.settle()
    assert worker.must("tx.follow", {"tx": "t", "after": 0})["outcome"] == "undone"
    assert service.fact()["state"] == "Running"
    assert service.fact()["registration"]["start"] == "auto"


def test_an_undo_that_fails_is_stuck_and_tried_again(host: HostHalf, running: Service) -> None:
    host.path(DATA).mkdir(parents=True)
    host.path(rf"{DATA}\a").write_bytes(b"old")
    begin(running.worker, "t", put("a"), running.until_drained(), FAILING)
    reader = host.worker()
    until(lambda: at_gate(reader, "t"))
    host.path(rf"{DATA}\a").unlink()
    host.path(rf"{DATA}\a").mkdir()
    (host.path(rf"{DATA}\a") / "in the way").write_bytes(b"")
    running.post("drain")
    stuck = reader.must("tx.follow", {"tx": "t", "after": 0})
    assert stuck["outcome"] == "stuck"
    assert stuck["records"][-1]["phase"] == "undo"
    (host.path(rf"{DATA}\a") / "in the way").unlink()
    host.path(rf"{DATA}\a").rmdir()
    host.settle()
    assert reader.must("tx.follow", {"tx": "t", "after": 0})["outcome"] == "undone"
    assert host.path(rf"{DATA}\a").read_bytes() == b"old"
