"""The executor, killed at every point: the outcome is old or new, complete, and nothing is done twice blindly."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.agent.engine import Host, await_that

TX = "t1"
OLD = {"a": "old-a", "b": None, "c": "old-c"}
NEW = {"a": "new-a", "b": "new-b", "c": "new-c"}


def step(name: str, **args: Any) -> dict[str, Any]:
    return {
        "id": f"set-{name}",
        "verb": "value.set",
        "args": {"name": name, "value": f"new-{name}", **args},
        "expect": None,
        "deadline_s": 5,
    }


def steps(**args: Any) -> list[dict[str, Any]]:
    """Three steps; `args` go to the last."""
    return [step("a"), step("b"), step("c", **args)]


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[Host]:
    """A host in the old state."""
    host = Host(tmp_path / "root").install()
    for name, value in OLD.items():
        if value is not None:
            host.set_world(name, value)
    yield host
    host.close()


def state(host: Host) -> dict[str, str | None]:
    return {name: host.world(name) for name in OLD}


def types(host: Host) -> list[str]:
    return [record["t"] + (str(record["i"]) if "i" in record else "") for record in host.journal(TX).records]


def assert_nothing_twice(host: Host) -> None:
    """No step was done again after it was done or undone."""
    done = Counter(effect for effect in host.effects() if effect.startswith("do "))
    assert all(times == 1 for times in done.values()), host.effects()


def test_a_transaction_commits_and_leaves_nothing(ready: Host) -> None:
    ready.write_journal(TX, ready.submitted(TX, steps()))
    assert ready.settle() == 0
    assert state(ready) == NEW
    assert types(ready) == ["submitted", "begun", "doing0", "done0", "doing1", "done1", "doing2", "done2", "ended"]
    assert ready.journal(TX).state == "committed"
    assert not (ready.root / f"state/transactions/{TX}.d").exists()
    assert ready.world("task.log") == "disable\n"
    assert ready.journal(TX).records[3]["detail"] == {"was": "a"}


POINTS = ["begun", *(f"{point}:{i}" for i in range(3) for point in ("captured", "before", "acted", "done"))]


@pytest.mark.parametrize("point", POINTS)
def test_promise_2_a_kill_on_the_way_forward_leaves_old_or_new(ready: Host, point: str) -> None:
    ready.write_journal(TX, ready.submitted(TX, steps()))
    start = time.monotonic()
    assert ready.settle(kill_at=point) == -9
    assert ready.journal(TX).state == "running"
    ready.settle()
    assert ready.journal(TX).state == "undone"
    assert ready.journal(TX).records[-1]["error"]["code"] == "cancelled"
    assert state(ready) == OLD
    assert_nothing_twice(ready)
    assert time.monotonic() - start < 60


UNDO_POINTS = ["failed:2", *(f"{point}:{i}" for i in (2, 1, 0) for point in ("undo", "reverted", "undone"))]


@pytest.mark.parametrize("point", UNDO_POINTS)
def test_promise_2_a_kill_on_the_way_back_is_undone_to_the_end(ready: Host, point: str) -> None:
    ready.write_journal(TX, ready.submitted(TX, steps(fail="unhealthy")))
    assert ready.settle(kill_at=point) == -9
    ready.settle()
    journal = ready.journal(TX)
    assert journal.state == "undone"
    assert journal.records[-1]["error"]["code"] == "unhealthy"
    assert journal.records[-1]["error"]["where"] == "set-c"
    assert state(ready) == OLD
    assert_nothing_twice(ready)
    undone = [record["i"] for record in journal.records if record["t"] == "undo-done"]
    assert undone == [2, 1, 0]


def test_promise_2_a_kill_after_a_reboot_is_undone_too(ready: Host) -> None:
    ready.write_journal(TX, ready.submitted(TX, steps()))
    assert ready.settle(kill_at="acted:1") == -9
    ready.settle(TEST_BOOT="boot-2")
    assert (ready.journal(TX).state, state(ready)) == ("undone", OLD)


def test_promise_2_repeated_kills_only_take_longer(ready: Host) -> None:
    ready.write_journal(TX, ready.submitted(TX, steps()))
    for point in ("acted:2", "reverted:2", "undo:1", "undone:0"):
        assert ready.settle(kill_at=point) == -9
    ready.settle()
    assert (ready.journal(TX).state, state(ready)) == ("undone", OLD)
    assert_nothing_twice(ready)


def test_a_failed_step_undoes_the_earlier_ones_in_reverse(ready: Host) -> None:
    ready.write_journal(TX, ready.submitted(TX, steps(fail="start-failed")))
    ready.settle()
    assert ready.effects() == ["do a=new-a", "do b=new-b", "do c=new-c", "undo c", "undo b", "undo a"]
    assert (ready.journal(TX).state, state(ready)) == ("undone", OLD)
    assert types(ready)[-7:] == ["undoing2", "undo-done2", "undoing1", "undo-done1", "undoing0", "undo-done0", "ended"]


def test_promise_2_a_hung_executor_is_ended_by_the_next_and_undone(ready: Host) -> None:
    hanging = [step("a"), {**step("b", hang=True, child=True), "deadline_s": -4.0}]
    ready.write_journal(TX, ready.submitted(TX, hanging))
    hung = ready.start_executor()
    await_that(lambda: "hang b" in ready.effects(), "the step that hangs")
    ready.settle()
    if hung.poll() is None:  # the grace of 5 s after the deadline had not passed
        assert ready.journal(TX).state == "running"
        await_that(lambda: ready.settle() == 0 and hung.poll() is not None, "the hung executor's end")
    error = ready.journal(TX).records[-1]["error"]
    assert (error["code"], error["where"]) == ("timeout", "set-b")
    assert (ready.journal(TX).state, state(ready)) == ("undone", OLD)
    child = int(ready.world("child") or 0)
    await_that(lambda: not alive(child), "the end of what the step had started")


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def test_a_living_executor_within_its_deadline_is_left_alone(ready: Host) -> None:
    ready.write_journal(TX, ready.submitted(TX, [step("a"), {**step("b", hang=True), "deadline_s": 600}]))
    working = ready.start_executor()
    await_that(lambda: "hang b" in ready.effects(), "the step that takes long")
    ready.settle()
    assert working.poll() is None
    assert ready.journal(TX).state == "running"


def test_promise_2_a_step_that_does_not_end_is_stuck_until_it_has(ready: Host) -> None:
    ready.write_journal(TX, ready.submitted(TX, steps(fail="still-running")))
    ready.settle()
    last = ready.journal(TX).records[-1]
    assert (last["t"], last["phase"], last["i"], last["error"]["code"]) == ("stuck", "do", 2, "still-running")
    assert ready.world("task.log") is None
    ready.settle()
    assert ready.journal(TX).records[-1] == last
    ready.set_world("settled-c", "yes")
    ready.settle()
    assert (ready.journal(TX).state, state(ready)) == ("undone", OLD)
    assert ready.journal(TX).records[-1]["error"]["code"] == "still-running"
    assert ready.world("task.log") == "disable\n"


def test_an_undo_that_fails_is_stuck_and_tried_again(ready: Host) -> None:
    ready.set_world("refuse-undo-b", "yes")
    ready.write_journal(TX, ready.submitted(TX, steps(fail="unhealthy")))
    ready.settle()
    last = ready.journal(TX).records[-1]
    assert (last["t"], last["phase"], last["i"]) == ("stuck", "undo", 1)
    assert state(ready) == {**NEW, "c": "old-c"}
    (ready.root / "world/refuse-undo-b").unlink()
    ready.settle()
    assert (ready.journal(TX).state, state(ready)) == ("undone", OLD)
    assert ready.effects().count("undo c") == 1


def test_a_cancel_marker_undoes_before_the_next_step(ready: Host) -> None:
    ready.write_journal(TX, ready.submitted(TX, steps()))
    assert ready.settle(kill_at="done:1") == -9
    ready.write_journal(
        "t2", ready.submitted("t2", [{"id": "n", "verb": "note", "args": {"name": "n"}, "deadline_s": 5}])
    )
    (ready.root / "state/transactions/t2.cancel").touch()
    ready.settle()
    assert (ready.journal("t2").state, ready.journal(TX).state) == ("undone", "undone")
    assert ready.journal("t2").records[-1]["error"]["code"] == "cancelled"
    assert "note n" not in ready.effects()


@pytest.mark.parametrize("wrong", [0, 2])
def test_an_expectation_that_fails_touches_nothing(ready: Host, wrong: int) -> None:
    planned = steps()
    for index, one in enumerate(planned):
        value = OLD[one["args"]["name"]]
        one["expect"] = {"exists": value is not None, "image_path": value if index != wrong else "else"}
    ready.write_journal(TX, ready.submitted(TX, planned))
    ready.settle()
    last = ready.journal(TX).records[-1]
    assert (last["t"], last["outcome"], last["error"]["code"]) == ("ended", "dropped", "unexpected-state")
    assert last["error"]["where"] == planned[wrong]["id"]
    assert (ready.effects(), state(ready)) == ([], OLD)


def test_expectations_are_those_before_the_transaction(ready: Host) -> None:
    """The second step of a service sees what the first has changed, and still expects what the plan saw."""
    expect = {"exists": True, "image_path": "old-a"}
    planned = [
        {**step("a"), "expect": expect},
        {**step("a"), "id": "again", "args": {"name": "a", "value": "newer"}, "expect": expect},
    ]
    ready.write_journal(TX, ready.submitted(TX, planned))
    ready.settle()
    assert (ready.journal(TX).state, ready.world("a")) == ("committed", "newer")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"await_s": 30, "up": time.monotonic() - 31}, "too late"),
        ({"boot": "boot-0"}, "another boot"),
        ({"up": time.monotonic() + 900}, "later than now"),
    ],
    ids=["too late", "another boot", "later than now"],
)
def test_what_nobody_awaits_is_dropped(ready: Host, changes: dict[str, Any], why: str) -> None:
    ready.write_journal(TX, ready.submitted(TX, steps(), **changes))
    ready.settle()
    assert ready.journal(TX).state == "dropped", why
    assert (ready.effects(), state(ready)) == ([], OLD)


def test_one_that_cannot_be_settled_does_not_hold_up_the_others(ready: Host) -> None:
    """The first one's undo data is gone; the second is settled all the same."""
    ready.write_journal(TX, ready.submitted(TX, steps()))
    assert ready.settle(kill_at="acted:0") == -9
    for data in (ready.root / f"state/transactions/{TX}.d").iterdir():
        data.unlink()
    ready.write_journal("t2", ready.submitted("t2", [step("b")]))
    ready.settle()
    last = ready.journal(TX).records[-1]
    assert (last["t"], last["phase"], last["error"]["code"]) == ("stuck", "undo", "missing")
    assert ready.journal("t2").state == "committed"


@pytest.mark.parametrize("torn", [b"J1 20", b'J1 200 00000000 {"t":"done"', b"\x00\x00\x00\x00"])
def test_a_torn_tail_is_cut_off(ready: Host, torn: bytes) -> None:
    ready.write_journal(TX, ready.submitted(TX, steps()))
    assert ready.settle(kill_at="acted:0") == -9
    with ready.journal_path(TX).open("ab") as file:
        file.write(torn)
    ready.settle()
    assert (ready.journal(TX).state, state(ready)) == ("undone", OLD)


def test_damage_before_the_last_record_is_left_to_a_person(ready: Host) -> None:
    ready.write_journal(TX, ready.submitted(TX, steps()))
    assert ready.settle(kill_at="acted:0") == -9
    path = ready.journal_path(TX)
    damaged = path.read_bytes().replace(b'"t":"begun"', b'"t":"BEGUN"')
    path.write_bytes(damaged)
    ready.settle()
    assert path.read_bytes() == damaged
    assert ready.world("a") == "new-a"


def test_only_the_newest_journals_are_kept(ready: Host) -> None:
    ended = {"t": "ended", "at": "", "up": 1.0, "boot": "boot-1", "outcome": "committed", "error": None}
    for number in range(23):
        ready.write_journal(f"old-{number:02}", ready.submitted(f"old-{number:02}", []), ended)
    ready.settle()
    left = sorted(path.stem for path in (ready.root / "state/transactions").glob("*.journal"))
    assert left == [f"old-{number:02}" for number in range(3, 23)]
    assert not list((ready.root / "state/transactions").glob("*.d"))


@pytest.mark.parametrize("granted", [("r2", 2), ("r1", 2), ("r2", 1), (None, 1)])
def test_nothing_begins_once_the_lock_names_another_pair(ready: Host, granted: tuple[str | None, int]) -> None:
    ready.write_journal(TX, ready.submitted(TX, steps()))
    ready.grant(*granted)
    ready.settle()
    assert (ready.journal(TX).state, ready.effects(), state(ready)) == ("dropped", [], OLD)


@pytest.mark.parametrize("reserve", [True, False])
def test_promise_2_a_disk_that_stays_full_does_not_stop_the_undo(ready: Host, reserve: bool) -> None:
    """The second step fills the disk: there is no room for its `done`, and the undo is told out of the reserve."""
    ready.write_journal(TX, ready.submitted(TX, [step("a"), step("b", fills=True), step("c")]))
    # One in another's folder keeps the disk full just the same
    folder = ready.root / f"state/transactions/{TX if reserve else 'other'}.d"
    folder.mkdir(exist_ok=True)
    (folder / "reserve").touch()
    ready.settle()
    journal = ready.journal(TX)
    if reserve:
        assert (journal.state, state(ready)) == ("undone", OLD)
        assert journal.records[-1]["error"]["code"] == "disk-full"
    else:
        assert journal.state == "running"
    assert journal.sound_bytes == len(ready.journal_path(TX).read_bytes()), "a torn record is cut off at once"
