"""file.read: what it gives, and what it refuses."""

from typing import Any

from tests.contract.connection import Connection, sha256
from tests.contract.files import put
from tests.contract.host_half import ROOT, HostHalf


def test_file_read(worker: Connection, host: HostHalf) -> None:
    path = rf"{ROOT}\data\logs\a [1].jsonl"
    stranger = host.worker()
    for content in (b"", b"text", bytes(range(256)) * 40):
        worker.apply(put(path, content), data=[content])
        told = stranger.must("file.read", {"path": path, "max_bytes": 20_000})
        assert told == {"size": len(content), "sha256": sha256(content)}
        assert stranger.stream() == content
    assert stranger.ask("probe", {"kind": "process"}).ok


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"path": rf"{ROOT}\data\b", "max_bytes": 10}, "missing"),
    ({"path": rf"{ROOT}\none\b"}, "missing"),
    ({"path": rf"{ROOT}\data"}, "missing"),
    ({"path": rf"{ROOT}\data\a", "max_bytes": 4}, "bad-request"),
    ({"path": rf"{ROOT}\data\a", "max_bytes": "all"}, "bad-request"),
    ({"path": rf"{ROOT}\data\a", "max_bytes": -1}, "bad-request"),
    ({"path": rf"{ROOT}\data\a:stream"}, "bad-request"),
    ({"path": "relative", "max_bytes": 4}, "bad-request"),
    ({}, "bad-request"),
]


def test_file_read_refuses(worker: Connection) -> None:
    worker.apply(put(rf"{ROOT}\data\a", b"12345"), data=[b"12345"])
    for args, code in REFUSED:
        assert worker.ask("file.read", args).code == code, args
    assert worker.ask("probe", {"kind": "process"}).ok


def test_a_file_over_a_mebibyte_is_read_only_when_asked_for(host: HostHalf, worker: Connection) -> None:
    path = rf"{ROOT}\data\log"
    host.path(path).parent.mkdir(parents=True, exist_ok=True)
    for size, code in ((1048576, ""), (1048577, "bad-request")):
        host.path(path).write_bytes(b"x" * size)
        answer = worker.ask("file.read", {"path": path})
        assert answer.code == code
        if answer.ok:
            assert len(worker.stream()) == size
    assert worker.ask("file.read", {"path": path, "max_bytes": 1048577}).ok
