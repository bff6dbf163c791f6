"""folder.compose over a real worker: exactly the manifest, or nothing."""

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.unit.agent_primitives.conftest import Apply


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def zipped(members: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", kind) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = kind
            archive.writestr(info, data)
    return memory.getvalue()


def composed(
    folder: Path, archives: dict[str, bytes], files: dict[str, bytes], manifest: dict[str, bytes]
) -> dict[str, Any]:
    """Arguments, with the archives written beside; `manifest` is given as content."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in archives.items():
        (folder / name).write_bytes(data)
    return {
        "dest": str(folder / "dest"),
        "archives": [str(folder / name) for name in archives],
        "files": [{"path": name, "data": {"data": at}} for at, name in enumerate(files)],
        "manifest": {name: digest(data) for name, data in manifest.items()},
        "acl": None,
    }


PROGRAM = {"app.exe": b"program" * 100_000, "lib/deep/a.dll": b"", "lib/b.dll": b"b"}


def test_a_folder_is_made_of_archives_and_files_and_found_again(apply: Apply, folder: Path) -> None:
    archives = {"one.zip": zipped({"lib/": b"", **PROGRAM}), "two.zip": zipped({"two.txt": b"2"}, zipfile.ZIP_STORED)}
    files = {"conf/app.json": b"{}", "revision.json": b"{1}"}
    args = composed(folder, archives, files, {**PROGRAM, "two.txt": b"2", **files})
    assert apply("folder.compose", args, *files.values(), dry=True)["detail"] == {"was": "absent"}
    assert not (folder / "dest").exists()
    assert apply("folder.compose", args, *files.values())["changed"] is True
    for name, data in {**PROGRAM, "two.txt": b"2", **files}.items():
        assert (folder / "dest" / name).read_bytes() == data
    assert apply("folder.compose", args, *files.values())["changed"] is False
    assert sorted(path.name for path in folder.iterdir()) == ["dest", "one.zip", "two.zip"]


def test_a_file_of_the_request_replaces_the_archives_member(apply: Apply, folder: Path) -> None:
    args = composed(
        folder,
        {"a.zip": zipped({"app.json": b"default", "x": b"x"})},
        {"app.json": b"own"},
        {"app.json": b"own", "x": b"x"},
    )
    assert apply("folder.compose", args, b"own")["changed"] is True
    assert (folder / "dest/app.json").read_bytes() == b"own"


def test_a_damaged_folder_is_put_aside_and_made_anew(apply: Apply, folder: Path) -> None:
    args = composed(folder, {"a.zip": zipped(PROGRAM)}, {}, PROGRAM)
    apply("folder.compose", args)
    (folder / "dest/app.exe").write_bytes(b"changed")
    (folder / "dest/lib/b.dll").unlink()
    (folder / "dest/more").write_bytes(b"")
    (folder / "dest.tmp-99").mkdir()
    result = apply("folder.compose", args)
    assert result["detail"] == {"was": "damaged", "damaged": ["app.exe", "lib/b.dll", "more"]}
    assert (folder / "dest/app.exe").read_bytes() == PROGRAM["app.exe"]
    assert (folder / "dest.damaged-1/app.exe").read_bytes() == b"changed"
    assert sorted(path.name for path in folder.iterdir()) == ["a.zip", "dest", "dest.damaged-1"]
    assert apply("folder.compose", args)["changed"] is False


def torn(data: bytes) -> bytes:
    at = data.index(b"app.exe") + 40
    return data[:at] + b"\xff" * 20 + data[at + 20 :]


X = {"x": b"x"}


@pytest.mark.parametrize(
    ("archive", "manifest", "code"),
    [
        (zipped({"../x": b"x"}), X, "bad-request"),
        (zipped({"a/../../x": b"x"}), X, "bad-request"),
        (zipped({"/x": b"x"}), X, "bad-request"),
        (zipped({"C:/x": b"x"}), X, "bad-request"),
        (zipped({"C:x": b"x"}), X, "bad-request"),
        (zipped({"\\x": b"x"}), X, "bad-request"),
        (zipped({"..\\x": b"x"}), X, "bad-request"),
        (zipped({"a/con.txt": b"x"}), X, "bad-request"),
        (zipped({"x": b"x", "more": b""}), X, "checksum"),
        (zipped({"x": b"other"}), X, "checksum"),
        (zipped(X), {**X, "lacking": b""}, "checksum"),
        (b"no zip", X, "checksum"),
        (zipped(X)[:-10], X, "checksum"),
        (torn(zipped(PROGRAM)), PROGRAM, "checksum"),
        (zipped(X), {"../x": b"x"}, "bad-request"),
        (zipped(X), {"a//x": b"x"}, "bad-request"),
    ],
)
def test_what_is_not_as_the_manifest_says_is_refused_and_leaves_nothing(
    apply: Apply, folder: Path, archive: bytes, manifest: dict[str, bytes], code: str
) -> None:
    args = composed(folder, {"a.zip": archive}, {}, manifest)
    assert apply("folder.compose", args)["code"] == code
    assert [path.name for path in folder.iterdir()] == ["a.zip"]
    assert not (folder.parent / "x").exists()


def test_an_archive_that_is_not_there_and_a_file_in_the_way_are_told(apply: Apply, folder: Path) -> None:
    args = composed(folder, {}, {}, X)
    assert apply("folder.compose", {**args, "archives": [str(folder / "none.zip")]})["code"] == "missing"
    (folder / "dest").write_bytes(b"")
    assert apply("folder.compose", args)["code"] == "exists"
