"""The worker over real pipes: requests, data, the lock, silence."""

import hashlib
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.wire.frames import Frame, encode, encode_json
from tests.unit.agent.engine import Host, Worker


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A worker with the lock, for requests that change nothing."""
    host = Host(tmp_path_factory.mktemp("shared") / "root").install()
    worker = host.work()
    worker.lock()
    yield worker
    assert host.effects() == []
    assert not list((host.root / "state/transactions").iterdir())
    host.close()


SET = {"id": "set-a", "verb": "value.set", "args": {"name": "a", "value": "new"}, "expect": None, "deadline_s": 5}


def put(path: Path, data: int = 0) -> dict[str, object]:
    return {
        "id": f"put-{data}",
        "verb": "file.put",
        "args": {"path": str(path), "data": {"data": data}},
        "deadline_s": 30,
    }


def test_facts_bring_the_key_and_text_in_any_script(host: Host) -> None:
    worker = host.work()
    facts = worker.call(
        "facts",
        {"echo": ["Größe", "2026-11-24T18:10:00Z", "日本", "a\"b\\c<&>'", [], {}]},
        b"key",
        run=None,
        epoch=None,
    )
    assert facts["key"] == "key"
    assert facts["echo"] == ["Größe", "2026-11-24T18:10:00Z", "日本", "a\"b\\c<&>'", [], {}]
    assert facts["transactions"] == {"ok": True, "value": []}
    assert facts["lock"]["value"] == {"record": None, "held": False}
    assert worker.end() == 0


def test_a_request_split_into_single_bytes_and_two_joined_are_answered(host: Host) -> None:
    worker = host.work()
    request = encode_json("Q", 1, {"v": 1, "verb": "probe", "args": {"kind": "process"}, "data": 0})
    for at in range(len(request)):
        worker.send(request[at : at + 1])
    assert worker.answer(1)["result"]["ok"] is True
    heartbeat = encode_json("E", 0, {"event": "heartbeat"})
    second = encode_json("Q", 2, {"v": 1, "verb": "probe", "args": {"kind": "process"}, "data": 0})
    third = encode_json("Q", 3, {"v": 1, "verb": "probe", "args": {"kind": "tcp"}, "data": 0})
    worker.send(heartbeat + second + heartbeat + third)
    assert worker.answer(2)["result"]["body"] == "process"
    assert worker.answer(3)["result"]["body"] == "tcp"


GOOD = encode_json("Q", 1, {"v": 1, "verb": "probe", "args": {}, "data": 0})


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"x" * 200,
        GOOD.replace(b"TSD1", b"TSD2"),
        GOOD[:-3] + b"!" + GOOD[-2:],
        GOOD[:-1] + b"!",
        b"TSD1 Q 1 99999999 00000000\n",
        b"TSD1 Q 01 2 00000000\n{}\n",
        encode(Frame("D", 1, b"data without a request")),
        encode(Frame("Q", 1, b"no json")),
        encode(Frame("Q", 1, b"[1]")),
        encode_json("Q", 1, {"v": 2, "verb": "probe", "args": {}, "data": 0}),
        encode_json("Q", 1, {"v": 1, "args": {}, "data": 0}),
        encode_json("A", 1, {"ok": True}),
        GOOD[:-4],
    ],
    ids=[
        "http",
        "no header",
        "version",
        "checksum",
        "end",
        "too long",
        "leading zero",
        "stray data",
        "no json",
        "no object",
        "other version",
        "no verb",
        "an answer",
        "cut off",
    ],
)
def test_what_is_no_frame_ends_the_worker(host: Host, garbage: bytes) -> None:
    worker = host.work()
    worker.send(garbage)
    assert worker.end() == 3


def test_the_largest_frame_passes_and_is_written_as_sent(host: Host, tmp_path: Path) -> None:
    worker = host.work()
    worker.lock()
    payload = bytes(range(256)) * (8 * 1024 * 4)
    seq = worker.ask("apply", {"steps": [put(tmp_path / "big")], "dry": False}, data=1)
    worker.send(encode(Frame("D", seq, payload)) + encode(Frame("D", seq, b"")))
    assert worker.answer(seq)["ok"]
    assert (tmp_path / "big").read_bytes() == payload
    assert list((host.root / "state/incoming").iterdir()) == []


def test_streams_follow_each_other_and_heartbeats_may_come_between(host: Host, tmp_path: Path) -> None:
    worker = host.work()
    worker.lock()
    steps = [put(tmp_path / "one", 0), put(tmp_path / "empty", 1), put(tmp_path / "two", 2)]
    seq = worker.ask("apply", {"steps": steps, "dry": False}, data=3)
    end = encode(Frame("D", seq, b""))
    heartbeat = encode_json("E", 0, {"event": "heartbeat"})
    worker.send(encode(Frame("D", seq, b"1a")) + heartbeat + encode(Frame("D", seq, b"1b")) + end + end)
    worker.send(encode(Frame("D", seq, b"2")) + end)
    results = worker.answer(seq)["result"]["results"]
    assert [result["id"] for result in results] == ["put-0", "put-1", "put-2"]
    assert results[0]["detail"]["sha256"] == hashlib.sha256(b"1a1b").hexdigest()
    assert [(tmp_path / name).read_bytes() for name in ("one", "empty", "two")] == [b"1a1b", b"", b"2"]


def test_pushing_reaches_15_mb_a_second(host: Host, tmp_path: Path) -> None:
    worker = host.work()
    worker.lock()
    content = bytes(range(256)) * 4096 * 64
    start = time.monotonic()
    worker.call("apply", {"steps": [put(tmp_path / "big")], "dry": False}, content)
    rate = len(content) / 1e6 / (time.monotonic() - start)
    assert (tmp_path / "big").stat().st_size == len(content)
    assert rate > 15, f"{rate:.0f} MB/s"


def test_the_first_error_stops_and_tells_what_was_done(host: Host) -> None:
    worker = host.work()
    worker.lock()
    bad = {"id": "bad", "verb": "value.set", "args": {"name": "b", "value": "x", "fail": "busy"}, "deadline_s": 5}
    error = worker.refusal("apply", {"steps": [SET, bad, {**SET, "id": "never"}], "dry": False})
    assert (error["code"], error["where"]) == ("busy", "bad")
    assert error["done"] == [{"id": "set-a", "changed": True, "detail": {"was": "a"}}]
    assert host.effects() == ["do a=new", "do b=x"]
    again = worker.call("apply", {"steps": [SET], "dry": False})
    assert again["results"] == [{"id": "set-a", "changed": False, "detail": None}]


@pytest.mark.parametrize(
    "steps",
    [
        "text",
        [{"id": "x"}],
        [{**SET, "verb": "no.verb"}],
        [SET, SET],
        [{**SET, "deadline_s": True}],
        [{**SET, "args": [1]}],
        [{**SET, "expect": "x"}],
        [{**SET, "args": {"list": [{"data": 1}]}}],
        [{**SET, "args": {"data": -1}}],
    ],
    ids=["text", "no step", "no verb", "same id", "no number", "no args", "no expectation", "no stream", "negative"],
)
def test_malformed_steps_are_refused_before_anything_is_done(shared: Worker, steps: object) -> None:
    for verb in ("apply", "tx.submit"):
        assert shared.refusal(verb, {"steps": steps, "tx": "t"}, b"data")["code"] == "bad-request"
    assert shared.refusal("tx.submit", {"steps": [], "tx": "t"})["code"] == "bad-request"


def test_dry_changes_nothing(host: Host) -> None:
    worker = host.work()
    worker.lock()
    assert worker.call("apply", {"steps": [SET], "dry": True})["results"][0]["changed"] is True
    assert host.effects() == []


def test_an_expectation_that_fails_stops_before_the_step(host: Host) -> None:
    host.set_world("a", "other")
    worker = host.work()
    worker.lock()
    step = {**SET, "expect": {"exists": True, "image_path": "old"}}
    error = worker.refusal("apply", {"steps": [step], "dry": False})
    assert (error["code"], error["where"]) == ("unexpected-state", "set-a")
    assert error["expected"]["image_path"] == "old"
    assert error["actual"]["image_path"] == "other"
    assert host.effects() == []


REFUSED: list[tuple[str, dict[str, object], str]] = [
    ("apply", {"run": "other"}, "not-holder"),
    ("apply", {"epoch": 2}, "not-holder"),
    ("tx.submit", {"run": None}, "not-holder"),
    ("tx.cancel", {"epoch": 7}, "not-holder"),
    ("lock.release", {"run": "other"}, "not-holder"),
    ("format.disk", {}, "bad-request"),
    ("probe", {}, "bad-request"),  # takes no data
]


def test_a_refused_request_takes_its_data_in_and_the_next_is_answered(host: Host) -> None:
    worker = host.work()
    worker.lock()
    for verb, envelope, code in REFUSED:
        streams = () if verb in ("tx.cancel", "lock.release") else (b"data", b"more")
        error = worker.refusal(verb, {"steps": [], "tx": "t"}, *streams, **envelope)
        assert error["code"] == code, (verb, envelope)
        assert worker.call("probe", {"kind": "process"})["ok"] is True
    assert not (host.root / "state/transactions/t.d").exists()


def test_two_workers_share_one_lock(host: Host) -> None:
    first, second = host.work(), host.work()
    assert first.lock() == {"epoch": 1, "previous": None}
    error = second.refusal("lock.acquire", {"run": "r2", "who": "x", "kind": "deploy", "since": "now", "epoch": 1})
    assert error["code"] == "locked"
    assert (error["actual"]["run"], error["actual"]["epoch"]) == ("r1", 1)
    first.call("lock.release")
    granted = second.lock("r2", 1)
    assert granted["epoch"] == 2
    assert granted["previous"] is None
    assert first.refusal("apply", {"steps": [SET], "dry": False})["code"] == "not-holder"
    second.process.kill()
    second.process.wait()
    taken = first.lock("r3", 9)
    assert taken["epoch"] == 9
    assert taken["previous"]["run"] == "r2"


def test_a_file_is_read_with_its_digest(host: Host, tmp_path: Path) -> None:
    worker = host.work()
    content = b"x" * 3_000_000
    (tmp_path / "log").write_bytes(content)
    seq = worker.ask("file.read", {"path": str(tmp_path / "log"), "max_bytes": 5_000_000})
    assert worker.answer(seq)["result"] == {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    got = b""
    while (frame := worker.next()).payload:
        assert (frame.kind, frame.seq) == ("D", seq)
        got += frame.payload
    assert got == content
    assert worker.refusal("file.read", {"path": str(tmp_path / "none"), "max_bytes": 5})["code"] == "missing"
    assert worker.refusal("file.read", {"path": str(tmp_path / "log"), "max_bytes": 5})["code"] == "bad-request"
    assert worker.refusal("file.read", {"path": "relative", "max_bytes": 5})["code"] == "bad-request"


def test_a_silent_controller_ends_the_worker_and_frees_the_lock(host: Host) -> None:
    worker = host.work(silence_s=0.5)
    worker.lock()
    start = time.monotonic()
    assert worker.process.wait(10) == 4
    assert time.monotonic() - start < 5
    assert host.work().lock("r2")["previous"]["run"] == "r1"


def test_heartbeats_keep_a_worker_alive(host: Host) -> None:
    silence_s = 2.0
    worker = host.work(silence_s=silence_s)
    end = time.monotonic() + 1.5 * silence_s
    while time.monotonic() < end:
        time.sleep(0.1)
        worker.send(encode_json("E", 0, {"event": "heartbeat"}))
    assert worker.call("probe", {"kind": "process"})["ok"] is True


def test_round_trips_take_milliseconds(host: Host) -> None:
    worker = host.work()
    worker.call("probe", {"kind": "process"})
    took_s = []
    for _ in range(50):
        start = time.monotonic()
        worker.call("probe", {"kind": "process"})
        took_s.append(time.monotonic() - start)
    assert min(took_s) < 0.02, "the fastest of them: others at work don't count"


def test_the_checksums_are_those_of_zlib(host: Host) -> None:
    """Sizes around the block limits of deflate, whose stored blocks carry the checksum."""
    worker = host.work()
    for size in (0, 1, 65535, 65536, 1_000_000):
        (host.root / "f").write_bytes(b"\xff" * size)
        seq = worker.ask("file.read", {"path": str(host.root / "f"), "max_bytes": 1_000_000})
        assert worker.answer(seq)["ok"]
        got = b""
        while (frame := worker.next()).payload:
            got += frame.payload
        assert zlib.crc32(got) == zlib.crc32(b"\xff" * size)


def test_a_key_that_is_too_long_is_refused_and_never_shortened(host: Host) -> None:
    worker = host.work()
    assert worker.call("facts", {}, b"k" * 4096, run=None)["key"] == "k" * 4096
    assert worker.refusal("facts", {}, b"k" * 4097, run=None)["code"] == "bad-request"
    assert worker.call("facts", {}, b"next", run=None)["key"] == "next"
