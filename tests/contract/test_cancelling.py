"""Cancelling."""

import pytest

from tests.contract.connection import Connection
from tests.contract.host_half import ROOT, HostHalf
from tests.contract.stand_in import Service
from tests.contract.transactions import DATA, at_gate, begin, put, submit
from tests.contract.waiting import until

pytestmark = pytest.mark.stand_in("task scheduler")


def test_cancelled_before_the_next_step(host: HostHalf, running: Service) -> None:
    begin(running.worker, "t", put("a"), running.until_drained(), put("b"))
    second = host.worker()
    until(lambda: at_gate(second, "t"))
    assert second.ask("tx.cancel", {"tx": "t"}, run="somebody", epoch=1).code == "not-holder"
    assert second.ask("tx.cancel", {"tx": "t"}, run=running.worker.run, epoch=running.worker.epoch).ok
    running.post("drain")
    result = running.worker.must("tx.follow", {"tx": "t", "after": 0})
    assert result["outcome"] == "undone"
    assert result["records"][-1]["error"]["code"] == "cancelled"
    assert not host.path(rf"{DATA}\a").exists()
    assert not host.path(rf"{DATA}\b").exists()


def test_cancelling_what_has_ended_leaves_nothing(host: HostHalf, worker: Connection) -> None:
    submit(worker, "t", put("a"))
    host.settled()
    assert worker.must("tx.cancel", {"tx": "t"}) == {}
    assert not host.path(rf"{ROOT}\state\transactions\t.cancel").exists()
