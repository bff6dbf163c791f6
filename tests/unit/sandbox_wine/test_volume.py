"""The data disk of a machine: a real file system in a file, which keeps what is on it and can be full."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.sandbox.wine.volume import LEFT_BYTES, DataDisk

SIZE_MB = 64


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid():
        pytest.skip("only root can mount")
    folder = tmp_path / "C Disk"
    folder.mkdir()
    yield folder
    DataDisk(folder, tmp_path / "data.img").detach()


def test_content_comes_with_it_and_outlives_the_power(place: Path, tmp_path: Path) -> None:
    (place / "before").write_text("kept")
    disk = DataDisk(place, tmp_path / "data.img")
    disk.attach(SIZE_MB)
    disk.attach(SIZE_MB)
    assert place.is_mount()
    assert sorted(path.name for path in place.iterdir()) == ["before"]
    (place / "after").write_text("kept, too")
    disk.detach()
    DataDisk(place, tmp_path / "data.img").attach(0)
    assert {path.name: path.read_text() for path in place.iterdir()} == {"before": "kept", "after": "kept, too"}


def test_a_full_one_takes_no_more_than_a_little_until_there_is_room(place: Path, tmp_path: Path) -> None:
    disk = DataDisk(place, tmp_path / "data.img")
    disk.attach(SIZE_MB)
    disk.fill()
    with pytest.raises(OSError) as caught:
        (place / "more").write_bytes(bytes(LEFT_BYTES + 8192))
    (place / "more").unlink()
    assert caught.value.errno == errno.ENOSPC
    disk.free()
    (place / "more").write_bytes(bytes(LEFT_BYTES + 8192))


def test_without_one_there_is_nothing_to_fill(tmp_path: Path) -> None:
    disk = DataDisk(tmp_path, tmp_path / "data.img")
    disk.attach(0)
    with pytest.raises(OSError, match="DEPLOY_SANDBOX_DISK_MB"):
        disk.fill()
    disk.free()
    disk.detach()
