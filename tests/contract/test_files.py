"""Files that arrive: twice, dry, damaged, large, and where something is in the way."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.connection import Connection, step
from tests.contract.files import PRIVATE, put
from tests.contract.host_half import ROOT, HostHalf, access_of

MEBIBYTES = 100


PIECE = hashlib.sha256(b"seed").digest() * 32768


@pytest.mark.stand_in("access lists")
def test_put_replaces_and_sets_the_acl(worker: Connection, host: HostHalf) -> None:
    path = rf"{ROOT}\data\config.json"
    assert worker.change(put(path, b"one"), data=[b"one"], dry=True) == [True]
    assert not host.path(path).exists()
    worker.apply(put(path, b"one"), data=[b"one"])
    assert worker.change(put(path, b"two"), data=[b"two"], dry=True) == [True]
    assert host.path(path).read_bytes() == b"one"
    assert worker.change(put(path, b"two"), data=[b"two"]) == [True]
    assert worker.change(put(path, b"two", PRIVATE), data=[b"two"], dry=True) == [True], "only the ACL differs"
    assert worker.change(put(path, b"two", PRIVATE), data=[b"two"]) == [True]
    assert worker.change(put(path, b"two", PRIVATE), data=[b"two"]) == [False]
    assert host.access(path) == access_of(PRIVATE)
    assert worker.must("facts", {"paths": [path]})["paths"]["value"][0]["protected"]
    assert [entry.name for entry in host.path(path).parent.iterdir()] == ["config.json"], "nothing is left beside it"


def test_bytes_that_arrive_wrong_leave_the_old_file(worker: Connection, host: HostHalf) -> None:
    path = rf"{ROOT}\data\a"
    worker.apply(put(path, b"one"), data=[b"one"])
    for arrived in (b"tampered", b"tw", b"TWO"):
        assert worker.refusal(put(path, b"two"), [arrived]) == "checksum", arrived
    announced = put(path, b"two")
    announced["args"]["size"] = 2
    assert worker.refusal(announced, [b"two"]) == "checksum"
    assert host.path(path).read_bytes() == b"one"
    assert len(list(host.path(path).parent.iterdir())) == 1


def test_what_is_in_the_way_of_a_file(worker: Connection, host: HostHalf) -> None:
    path = rf"{ROOT}\data\a"
    worker.apply(put(path, b"one"), data=[b"one"])
    assert worker.refusal(put(rf"{path}\below", b"two"), [b"two"]) == "exists"
    assert worker.refusal(step("dir.ensure", path=rf"{path}\below", acl=None)) == "exists"
    assert worker.refusal(put(rf"{ROOT}\data", b"two"), [b"two"]) == "exists"
    assert worker.refusal(step("dir.remove", path=path)) == "bad-request", "a file is no folder"
    host.path(path).chmod(0o444)
    assert worker.refusal(put(path, b"two"), [b"two"]) == "access-denied", "it is read-only"
    assert host.path(path).read_bytes() == b"one"
    assert [entry.name for entry in host.path(path).parent.iterdir()] == ["a"]
    assert worker.change(step("dir.remove", path=rf"{ROOT}\data")) == [True], "a read-only file goes with its folder"


def test_a_hundred_megabytes_are_pushed_and_read(worker: Connection, host: HostHalf) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(MEBIBYTES):
            yield PIECE

    whole = hashlib.sha256()
    for piece in pieces():
        whole.update(piece)
    path, size = rf"{ROOT}\cache\large.zip", MEBIBYTES * len(PIECE)
    args: dict[str, Any] = {"path": path, "sha256": whole.hexdigest(), "size": size, "data": {"data": 0}, "acl": None}
    assert worker.change(step("file.put", deadline_s=120, **args), data=[pieces()]) == [True]
    with host.path(path).open("rb") as pushed:
        assert hashlib.file_digest(pushed, "sha256").hexdigest() == whole.hexdigest()
    read = worker.must("file.read", {"path": path, "max_bytes": size})
    assert read == {"size": size, "sha256": whole.hexdigest()}
    back = hashlib.sha256()
    for piece in worker.pieces():
        back.update(piece)
    assert back.hexdigest() == whole.hexdigest()
    assert worker.ask("file.read", {"path": path, "max_bytes": size - 1}).code == "bad-request"
