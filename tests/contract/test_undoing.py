"""An undo that finds another world than its step did."""

import pytest

from tests.contract.connection import Connection
from tests.contract.host_half import HostHalf
from tests.contract.stand_in import NAME, PORT, Service
from tests.contract.transactions import DATA, FAILING, begin, put, submit
from tests.contract.waiting import until

pytestmark = pytest.mark.stand_in("task scheduler")


def test_promise_2_a_service_that_was_removed_meanwhile_holds_nothing_up(host: HostHalf) -> None:
    host.strike("acted:1")
    worker = host.holder()
    service = Service(host, worker)
    service.run()
    begin(worker, "t", put("a"), service.stop())
    until(lambda: host.struck() and not host.executors())
    host.delete_service(NAME)
    host.settle()
    assert worker.must("tx.read", {"tx": "t", "after": 0})["outcome"] == "undone"
    assert not host.path(rf"{DATA}\a").exists()
    assert not service.fact()["exists"], "nobody registers it again"


def test_a_service_that_ran_while_it_was_disabled_does_so_again(running: Service) -> None:
    running.worker.apply(running.step("start_type", start="disabled"))
    result = submit(running.worker, "t", running.stop(), FAILING, data=())
    assert result["outcome"] == "undone"
    fact = running.fact()
    assert (fact["state"], fact["registration"]["start"]) == ("Running", "disabled")


def test_a_drain_that_the_service_does_not_know_is_nothing_to_take_back(host: HostHalf, running: Service) -> None:
    base = f"http://{host.address}:{PORT}"
    done = {"url": f"{base}/health", "field": "draining", "equals": True}
    drain = running.step("drain", 0.5, url=f"{base}/nothing", done=done, undo_url=f"{base}/nothing", settle_s=0)
    result = submit(running.worker, "t", put("a"), drain)
    assert result["outcome"] == "undone"
    assert result["records"][-1]["error"]["code"] == "timeout"
    assert not host.path(rf"{DATA}\a").exists()


def test_names_that_begin_alike_do_not_meet_on_their_way(host: HostHalf, worker: Connection) -> None:
    names = [f"{'x' * 220}{tail}" for tail in "ab"]
    assert submit(worker, "t", *(put(name) for name in names), FAILING)["outcome"] == "undone"
    assert list(host.path(DATA).iterdir()) == []
    assert submit(worker, "u", *(put(name) for name in names))["outcome"] == "committed"
    assert sorted(path.name for path in host.path(DATA).iterdir()) == names
