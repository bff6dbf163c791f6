"""A disk that gets full within a transaction."""

import pytest

from tests.contract.connection import Connection
from tests.contract.host_half import ROOT, HostHalf
from tests.contract.stand_in import Service
from tests.contract.transactions import DATA, at_gate, begin, put
from tests.contract.waiting import until

pytestmark = pytest.mark.stand_in("task scheduler")


LARGE = b"large" * 100_000


@pytest.mark.not_natively("the disk of the computer that runs the tests is everybody's")
def test_promise_2_a_full_disk_stops_no_undo(host: HostHalf) -> None:
    host.limit_disk()
    worker = host.holder()
    service = Service(host, worker)
    service.run()
    worker.apply(put("a", content=b"old"), data=[b"old"])
    steps = [put("a"), service.until_drained(), put("large", 1, LARGE), put("b")]
    submission = {"tx": "t", "steps": steps, "await_s": 60, "follow": False}
    worker.must("tx.submit", submission, [b"new", LARGE])
    until(lambda: at_gate(worker, "t"))
    host.fill_disk()
    service.post("drain")
    result = worker.must("tx.follow", {"tx": "t", "after": 0})
    assert result["outcome"] == "undone"
    assert result["records"][-1]["error"]["code"] == "disk-full"
    assert host.path(rf"{DATA}\a").read_bytes() == b"old"
    assert not host.path(rf"{DATA}\large").exists()
    # And no request is taken for which there is no room; what ended has freed some
    host.settled()
    host.fill_disk()
    assert worker.ask("apply", {"steps": [put("large", 0, LARGE)]}, [LARGE]).code == "disk-full"
    again = worker.ask("tx.submit", {**submission, "tx": "u"}, [b"new", LARGE])
    assert again.code == "disk-full"
    assert worker.ask("tx.read", {"tx": "u", "after": 0}).code == "missing"
    assert worker.ask("probe", {"kind": "process"}).ok


def test_a_data_folder_has_a_reserve_while_its_transaction_is_open(host: HostHalf, worker: Connection) -> None:
    service = Service(host, worker)
    service.run()
    reserve = host.path(rf"{ROOT}\state\transactions\t.d\reserve")
    begin(worker, "t", put("a"), service.until_drained())
    assert len(reserve.read_bytes()) == 65536
    assert len(set(reserve.read_bytes())) > 1, "a file system may leave out bytes that are all the same"
    service.post("drain")
    assert worker.must("tx.follow", {"tx": "t", "after": 0})["outcome"] == "committed"
    host.settled()
    assert not reserve.exists()
