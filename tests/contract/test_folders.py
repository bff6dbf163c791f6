"""Folders: made, removed, pruned."""

import pytest

from tests.contract.connection import Connection, step
from tests.contract.files import PRIVATE, put
from tests.contract.host_half import ROOT, HostHalf, access_of


@pytest.mark.stand_in("access lists")
def test_folders(worker: Connection, host: HostHalf) -> None:
    ensure = step("dir.ensure", path=rf"{ROOT}\data\ç d", acl=PRIVATE)
    assert worker.change(ensure, dry=True) == [True]
    assert not host.path(rf"{ROOT}\data\ç d").exists()
    assert worker.change(ensure) == [True]
    assert worker.change(ensure) == [False]
    assert worker.change(ensure, dry=True) == [False]
    assert host.access(rf"{ROOT}\data\ç d") == access_of(PRIVATE)
    worker.apply(put(rf"{ROOT}\data\ç d\file", b"x"), data=[b"x"])
    assert worker.refusal(step("dir.ensure", path=rf"{ROOT}\data\ç d\file", acl=None)) == "exists"
    assert worker.change(step("dir.ensure", path=ROOT, acl=None)) == [False], "the root itself"
    remove = step("dir.remove", path=rf"{ROOT}\data\ç d")
    assert worker.change(remove, dry=True) == [True]
    assert host.path(rf"{ROOT}\data\ç d\file").exists()
    assert worker.change(remove) == [True]
    assert worker.change(remove) == [False]
    assert not host.path(rf"{ROOT}\data\ç d").exists()


@pytest.mark.windows_only("Wine 8 has no junctions and no symbolic links")
def test_a_reparse_point_is_removed_and_its_target_is_not(worker: Connection, host: HostHalf) -> None:
    worker.apply(step("dir.ensure", path=rf"{ROOT}\data", acl=None))
    worker.apply(put(rf"{ROOT}\kept\file", b"x"), data=[b"x"])
    host.path(rf"{ROOT}\data\link").symlink_to(host.path(rf"{ROOT}\kept"), target_is_directory=True)
    through = worker.ask("apply", {"steps": [put(rf"{ROOT}\data\link\new", b"x")]}, [b"x"])
    assert through.code == "bad-request"
    worker.apply(step("dir.remove", path=rf"{ROOT}\data"))
    assert host.path(rf"{ROOT}\kept\file").exists()


def test_cache_prune(worker: Connection, host: HostHalf) -> None:
    for name in "abc":
        worker.apply(put(rf"{ROOT}\cache\{name}\file", b"x"), data=[b"x"])
    prune = step("cache.prune", keep=[rf"{ROOT}\cache\b"], folders=[rf"{ROOT}\cache\{name}" for name in "abc"])
    assert worker.change(prune, dry=True) == [True]
    assert len(list(host.path(rf"{ROOT}\cache").iterdir())) == 3
    assert worker.change(prune) == [True]
    assert worker.change(prune) == [False]
    assert worker.change(prune, dry=True) == [False]
    assert [path.name for path in host.path(rf"{ROOT}\cache").iterdir()] == ["b"]
