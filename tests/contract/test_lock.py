"""The run lock: one holder, epochs that only grow."""

import json
from typing import Any

from tests.contract.connection import Connection
from tests.contract.host_half import HostHalf
from tests.contract.leftover import Leftover

HOLDER = {"run": "run-2", "who": "somebody else", "kind": "rollback", "since": "2026-01-02T00:00:00Z", "epoch": 0}


def record(host: HostHalf) -> dict[str, object]:
    return dict(json.loads(host.path(rf"{host.root}\state\lock.json").read_text()))


def test_the_second_worker_is_refused_and_told_who_has_it(host: HostHalf) -> None:
    first, second = host.worker(), host.worker()
    granted = first.lock("run-1")
    refused = second.ask("lock.acquire", HOLDER)
    assert refused.code == "locked"
    assert refused.error["actual"] == {
        "run": "run-1",
        "who": "tester",
        "kind": "deploy",
        "since": "2026-01-01T00:00:00Z",
        "epoch": granted["epoch"],
    }
    assert record(host)["run"] == "run-1"


def test_a_lock_without_its_worker_is_taken_over_with_a_higher_epoch(host: HostHalf) -> None:
    first, second = host.worker(), host.worker()
    old = first.lock("run-1")["epoch"]
    first.close()
    granted = second.must("lock.acquire", HOLDER)
    assert granted["epoch"] > old
    assert granted["previous"]["run"] == "run-1"


def test_a_wanted_epoch_is_the_least(host: HostHalf) -> None:
    worker = host.worker()
    assert worker.must("lock.acquire", {**HOLDER, "epoch": 17})["epoch"] == 17
    assert worker.must("lock.acquire", {**HOLDER, "epoch": 17})["epoch"] == 17, "who has it, has it"
    assert worker.must("lock.acquire", {**HOLDER, "epoch": 0})["epoch"] == 17
    worker.close()
    assert host.worker().must("lock.acquire", {**HOLDER, "run": "run-3", "epoch": 4})["epoch"] == 18


def test_release_keeps_the_epoch(host: HostHalf) -> None:
    worker = host.worker()
    epoch = worker.lock()["epoch"]
    worker.must("lock.release")
    assert record(host)["run"] is None
    assert record(host)["epoch"] == epoch
    assert worker.ask("apply", {"steps": []}).code == "not-holder"
    assert host.worker().must("lock.acquire", HOLDER)["epoch"] == epoch + 1


def test_another_pair_than_the_granted_one_is_refused(worker: Connection) -> None:
    pairs: list[dict[str, Any]] = [{"epoch": 0}, {"epoch": 99}, {"epoch": None}, {"run": "run-9"}, {"run": None}]
    for change in pairs:
        assert worker.ask("apply", {"steps": []}, **change).code == "not-holder", change
    assert worker.ask("apply", {"steps": []}).ok


def test_what_changes_a_host_needs_the_lock(host: HostHalf) -> None:
    other = host.worker()
    granted = other.lock()
    stranger = host.worker()
    for verb in ("apply", "tx.submit", "lock.release", "tx.cancel"):
        assert stranger.ask(verb, {"steps": [], "tx": "t"}).code == "not-holder", verb
        assert stranger.ask(verb, {"steps": [], "tx": "t"}, run="run-1", epoch=99).code == "not-holder", verb
    for verb in ("apply", "tx.submit", "lock.release"):
        answer = stranger.ask(verb, {"steps": [], "tx": "t"}, run="run-1", epoch=granted["epoch"])
        assert answer.code == "not-holder", f"{verb}: who knows the pair doesn't hold it"


def test_a_holder_must_say_who_it_is(host: HostHalf) -> None:
    worker = host.worker()
    for lacking in ("run", "who", "kind", "since"):
        args = {name: value for name, value in HOLDER.items() if name != lacking}
        assert worker.ask("lock.acquire", args).code == "bad-request", lacking
    assert worker.must("lock.acquire", HOLDER)["previous"] is None


def test_facts_tell_the_holder(host: HostHalf) -> None:
    worker = host.worker()
    assert worker.must("facts")["lock"]["value"]["held"] is False
    worker.lock("run-7")
    told = host.worker().must("facts")["lock"]["value"]
    assert told["held"] is True
    assert told["record"]["run"] == "run-7"


def test_a_damaged_record_is_an_error_and_never_nobody(host: HostHalf) -> None:
    first = host.worker()
    first.lock()
    first.close()
    path = host.path(rf"{host.root}\state\lock.json")
    sound = path.read_bytes()
    for damage in (sound[:-4], b"[]", b'{"run": null}', b'{"run": 3, "epoch": 1}'):
        path.write_bytes(damage)
        worker = host.worker()
        refused = worker.ask("lock.acquire", HOLDER)
        assert refused.code == "unexpected-state", damage
        assert refused.error["where"].endswith("lock.json")
        assert worker.must("facts")["lock"]["ok"] is False
        assert path.read_bytes() == damage
        worker.close()
    path.write_bytes(sound)
    assert host.worker().must("lock.acquire", HOLDER)["epoch"] == 2


def test_a_lock_that_could_not_be_recorded_is_free_again(host: HostHalf) -> None:
    first = host.worker()
    first.lock()
    first.must("lock.release")
    path = host.path(rf"{host.root}\state\lock.json")
    sound = path.read_bytes()
    path.write_bytes(b"{")
    assert first.ask("lock.acquire", HOLDER).code == "unexpected-state"
    path.write_bytes(sound)
    assert host.worker().ask("lock.acquire", HOLDER).ok


def test_whoever_takes_the_lock_drops_what_was_never_begun(host: HostHalf) -> None:
    first = host.holder()
    Leftover(host, first).write("t")
    first.close()
    second = host.worker()
    assert second.must("tx.read", {"tx": "t", "after": 0})["outcome"] is None
    second.lock("run-2")
    assert second.must("tx.read", {"tx": "t", "after": 0})["outcome"] == "dropped"
    host.settle()
    assert not host.path(Leftover.FOLDER).exists()


def test_nothing_begins_once_the_lock_names_another_pair(host: HostHalf) -> None:
    """The executor looks for itself: here nobody dropped it."""
    worker = host.holder()
    worker.epoch += 1
    Leftover(host, worker).write("t")
    worker.epoch -= 1
    host.enable_task()
    host.settle()
    assert worker.must("tx.read", {"tx": "t", "after": 0})["outcome"] == "dropped"
    assert not host.path(Leftover.FOLDER).exists()
