"""Journals that are torn, damaged or of an executor that died."""

import pytest

from deploy.wire.journal import decode_records, encode_record
from tests.contract.connection import Connection, step
from tests.contract.host_half import ROOT, HostHalf
from tests.contract.leftover import Leftover, outcome
from tests.contract.transactions import DATA, kinds, put, submit
from tests.contract.waiting import until

pytestmark = pytest.mark.stand_in("task scheduler")


def test_a_torn_tail_is_cut_off(worker: Connection, host: HostHalf) -> None:
    tails = {"t0": b"J1 20 deadbeef {", "t1": b"J1", "t2": b"\0" * 30}
    for tx in tails:
        submit(worker, tx, step("dir.ensure", path=DATA, acl=None), data=())
    # Their executor reads the journals once more before it ends
    host.settled()
    journals = {tx: host.path(rf"{ROOT}\state\transactions\{tx}.journal") for tx in tails}
    sound = {tx: decode_records(journal.read_bytes()).records[:-1] for tx, journal in journals.items()}
    for tx, journal in journals.items():
        journal.write_bytes(b"".join(encode_record(record) for record in sound[tx]) + tails[tx])
    assert {each["tx"] for each in worker.must("facts")["transactions"]["value"]} == set(tails)
    host.enable_task()
    host.settle()
    until(lambda: all(outcome(host, tx) == "undone" for tx in tails))
    for tx, journal in journals.items():
        assert decode_records(journal.read_bytes()).records[: len(sound[tx])] == sound[tx], tails[tx]


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


def test_the_journal_says_that_its_executor_ended(host: HostHalf, worker: Connection) -> None:
    doing = {"t": "doing", "i": 0, "id": "ensure", "verb": "dir.ensure", "undo": None, "deadline_up": 1.0}
    Leftover(host, worker).write("t", {"t": "begun", "pid": 1, "started": "x"}, doing)
    host.enable_task()
    host.settle()
    result = worker.must("tx.read", {"tx": "t", "after": 0})
    assert kinds(result)[3:] == ["failed", "undoing", "undo-done", "ended"]
    failed = result["records"][3]
    assert (failed["i"], failed["error"]["code"], failed["error"]["where"]) == (0, "cancelled", "ensure")
    assert result["records"][-1]["error"] == failed["error"]
