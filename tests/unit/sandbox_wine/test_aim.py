"""Faults aimed at a step: when they strike, told by journals that grow."""

import threading
from pathlib import Path
from typing import Any

import pytest

from deploy.sandbox.machine.faults import Fault
from deploy.sandbox.wine.aim import Aim
from deploy.sandbox.wine.journals import JournalWatch
from deploy.wire.journal import encode_record

SUBMITTED = {"t": "submitted", "steps": []}
UNDONE = ({"t": "failed", "i": 1}, {"t": "undoing", "i": 1}, {"t": "undo-done", "i": 1}, {"t": "ended", "i": 0})


def write(folder: Path, name: str, *records: dict[str, Any], torn: bool = False) -> None:
    folder.mkdir(exist_ok=True)
    content = b"".join(encode_record(record) for record in records)
    (folder / f"{name}.journal").write_bytes(content[:-3] if torn else content)


def test_what_was_there_before_does_not_count(tmp_path: Path) -> None:
    write(tmp_path, "old", SUBMITTED, {"t": "begun"})
    watch = JournalWatch(tmp_path)
    assert watch.fresh() == []
    write(tmp_path, "old", SUBMITTED, {"t": "begun"}, {"t": "doing", "i": 0})
    write(tmp_path, "young", SUBMITTED)
    assert watch.fresh() == ["before:0", "submit"]
    assert watch.fresh() == []


def test_every_record_that_tells_has_its_label(tmp_path: Path) -> None:
    watch = JournalWatch(tmp_path / "later")
    write(tmp_path / "later", "a", SUBMITTED, {"t": "begun"}, {"t": "doing", "i": 1}, *UNDONE)
    assert watch.fresh() == ["submit", "begun", "before:1", "undo:1", "undone:1", "ended"]


def test_a_torn_record_counts_when_it_is_whole(tmp_path: Path) -> None:
    watch = JournalWatch(tmp_path)
    write(tmp_path, "a", SUBMITTED, {"t": "begun"}, torn=True)
    assert watch.fresh() == ["submit"]
    write(tmp_path, "a", SUBMITTED, {"t": "begun"})
    assert watch.fresh() == ["begun"]


class Struck:
    """Faults that were carried out."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.one = threading.Semaphore(0)

    def __call__(self, fault: Fault) -> None:
        self.faults.append(fault)
        self.one.release()


def test_a_fault_strikes_its_step_and_no_other_and_as_often_as_it_says(tmp_path: Path) -> None:
    struck = Struck()
    aim = Aim("host", tmp_path, struck)
    aim.arm(Fault.from_json({"kind": "kill-executor", "step": 2, "times": 2}))
    write(tmp_path, "a", SUBMITTED, {"t": "doing", "i": 1}, {"t": "done", "i": 1})
    assert not struck.one.acquire(timeout=0.1)
    for name in ("a", "b", "c"):
        write(tmp_path, name, SUBMITTED, {"t": "doing", "i": 1}, {"t": "done", "i": 1}, {"t": "doing", "i": 2})
        if name != "c":
            assert struck.one.acquire(timeout=10)
    assert not struck.one.acquire(timeout=0.1)
    assert [fault.label for fault in struck.faults] == ["before:2", "before:2"]
    assert aim.armed() == []


def test_what_was_disarmed_does_not_strike_and_another_can_be_armed(tmp_path: Path) -> None:
    struck = Struck()
    aim = Aim("host", tmp_path, struck)
    aim.arm(Fault.from_json({"kind": "reboot", "label": "*"}))
    aim.clear()
    write(tmp_path, "a", SUBMITTED)
    assert not struck.one.acquire(timeout=0.1)
    aim.arm(Fault.from_json({"kind": "kill-worker", "label": "ended"}))
    write(tmp_path, "a", SUBMITTED, {"t": "ended", "outcome": "dropped"})
    assert struck.one.acquire(timeout=10)
    assert [fault.kind for fault in struck.faults] == ["kill-worker"]


@pytest.mark.parametrize("label", ["acted:1", "enabled", "before:", "before:-1", "", "nonsense"])
def test_a_label_that_nobody_sees_from_outside_is_refused(tmp_path: Path, label: str) -> None:
    aim = Aim("host", tmp_path, Struck())
    with pytest.raises(ValueError, match="what journals tell"):
        aim.arm(Fault.from_json({"kind": "kill-executor", "label": label}))
    assert aim.armed() == []
