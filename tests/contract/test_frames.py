"""The frame stream: section 2."""

import re

from deploy.wire.frames import MAX_PAYLOAD, Frame, encode, encode_json
from tests.contract.connection import DEADLINE_S, Connection, sha256, step
from tests.contract.host_half import HostHalf

PROBE = {"v": 1, "verb": "probe", "args": {"kind": "process"}, "data": 0}
VALID = encode_json("Q", 1, PROBE)
SUM = re.compile(rb"[0-9a-f]{8}(?=\n)")
GARBAGE = {
    "not a frame": b"hello, is anybody there?\n" * 4,
    "wrong magic": b"TSD2" + VALID[4:],
    "wrong checksum": SUM.sub(b"00000000", VALID, 1),
    "no checksum": SUM.sub(b"", VALID, 1),
    "another byte": VALID.replace(b"process", b"progess"),
    "too long": f"TSD1 Q 1 {MAX_PAYLOAD + 1} 00000000\n".encode(),
    "no end": VALID[:-1] + b"x",
    "one byte short": VALID[:-2] + b"\n" + VALID,
    "no JSON": encode(Frame("Q", 1, b"\xff\xfe")),
    "no object": encode(Frame("Q", 1, b"[1]")),
    "wrong version": encode_json("Q", 1, {**PROBE, "v": 2}),
    "no version": encode_json("Q", 1, {"verb": "probe", "args": {}}),
    "no verb": encode_json("Q", 1, {"v": 1, "args": {}}),
    "data without request": encode(Frame("D", 5, b"x")),
    "an answer": encode_json("A", 1, {"ok": True}),
}


def test_garbage_ends_the_worker(host: HostHalf) -> None:
    for name, garbage in GARBAGE.items():
        worker = host.worker()
        worker.write(garbage)
        assert worker.process.wait(DEADLINE_S) == 3, name
        assert worker.frame() is None, f"{name}: nothing is answered to garbage"


def test_a_stream_cut_anywhere_and_joined(host: HostHalf) -> None:
    worker = host.worker()
    requests = [encode_json("Q", seq, PROBE) for seq in (1, 2, 3)]
    for byte in requests[0]:
        worker.write(bytes([byte]))
    assert worker.answer(1).ok
    worker.write(requests[1] + encode_json("E", 0, {"event": "heartbeat"}) + requests[2])
    assert worker.answer(2).ok
    assert worker.answer(3).ok


def test_requests_are_answered_in_order(host: HostHalf) -> None:
    worker = host.worker()
    sent = [worker.send("probe", {"kind": "process"}) for _ in range(20)]
    assert [worker.answer(seq).ok for seq in sent] == [True] * 20


def test_the_largest_frame_passes(worker: Connection, host: HostHalf) -> None:
    content = b"\0" * MAX_PAYLOAD
    put = step(
        "file.put",
        path=rf"{host.root}\data\large",
        sha256=sha256(content),
        size=len(content),
        data={"data": 0},
        acl=None,
    )
    request = {"v": 1, "verb": "apply", "run": worker.run, "epoch": worker.epoch, "args": {"steps": [put]}, "data": 1}
    worker.write(encode_json("Q", 900, request) + encode(Frame("D", 900, content)) + encode(Frame("D", 900, b"")))
    assert worker.answer(900).ok
    assert host.path(rf"{host.root}\data\large").stat().st_size == MAX_PAYLOAD


def test_the_end_of_stdin_ends_the_worker(host: HostHalf) -> None:
    assert host.worker().end() == 0


def test_an_end_within_a_frame_is_garbage(host: HostHalf) -> None:
    worker = host.worker()
    worker.write(b"TSD1 Q 1 100 00000000\n{")
    assert worker.end() == 3


def test_data_of_a_refused_request_does_not_disturb_the_next_one(host: HostHalf) -> None:
    worker = host.worker()
    assert worker.ask("apply", {"steps": []}, [b"x" * 100_000, b"y"]).code == "not-holder"
    assert worker.ask("no-such-verb", {}, [b"x"]).code == "bad-request"
    assert worker.ask("probe", {"kind": "process"}).ok
