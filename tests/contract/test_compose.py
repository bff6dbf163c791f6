"""Release folders, composed of archives and files as their manifest says."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.connection import Connection, sha256, step
from tests.contract.files import put
from tests.contract.host_half import ROOT, HostHalf


def zipped(**files: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def compose(dest: str, manifest: dict[str, bytes], **changes: Any) -> dict[str, Any]:
    args = {
        "dest": dest,
        "archives": [rf"{ROOT}\cache\app.zip"],
        "files": [{"path": "conf/app settings.json", "data": {"data": 0}}],
        "manifest": {name: sha256(content) for name, content in manifest.items()},
        "acl": None,
        **changes,
    }
    return step("folder.compose", **args)


WHOLE = {"Try.exe": b"program", "lib/a [b].dll": b"library" * 1000, "conf/app settings.json": b"{}"}


@pytest.fixture
def archive(worker: Connection) -> Callable[..., None]:
    def upload(**files: bytes) -> None:
        content = zipped(**files)
        worker.apply(put(rf"{ROOT}\cache\app.zip", content), data=[content])

    upload(**{"Try.exe": WHOLE["Try.exe"], "lib/a [b].dll": WHOLE["lib/a [b].dll"]})
    return upload


def test_compose(worker: Connection, host: HostHalf, archive: object) -> None:
    dest = rf"{ROOT}\releases\S\1.0.0-abc"
    assert worker.apply(compose(dest, WHOLE), data=[b"{}"], dry=True)[0]["changed"]
    assert not host.path(dest).exists()
    assert worker.apply(compose(dest, WHOLE), data=[b"{}"])[0]["changed"]
    assert not worker.apply(compose(dest, WHOLE), data=[b"{}"])[0]["changed"]
    for name, content in WHOLE.items():
        assert (host.path(dest) / name).read_bytes() == content
    assert [path.name for path in host.path(dest).parent.iterdir()] == ["1.0.0-abc"]


def test_a_damaged_folder_is_put_aside_and_made_anew(worker: Connection, host: HostHalf, archive: object) -> None:
    dest = rf"{ROOT}\releases\S\1.0.0-abc"
    program, extra = host.path(dest) / "Try.exe", host.path(dest) / "extra.dll"
    damages: dict[str, Callable[[], object]] = {
        "changed": lambda: program.write_bytes(b"infected"),
        "missing": program.unlink,
        "extra": lambda: extra.write_bytes(b"x"),
    }
    worker.apply(compose(dest, WHOLE), data=[b"{}"])
    for number, (name, damage) in enumerate(damages.items(), 2):
        damage()
        assert worker.change(compose(dest, WHOLE), data=[b"{}"], dry=True) == [True], name
        assert worker.change(compose(dest, WHOLE), data=[b"{}"]) == [True], name
        assert program.read_bytes() == WHOLE["Try.exe"], name
        assert not extra.exists(), name
        assert len(list(host.path(dest).parent.iterdir())) == number, f"{name}: what was damaged is kept"
        assert worker.change(compose(dest, WHOLE), data=[b"{}"]) == [False], name


BAD_ARCHIVES: dict[str, tuple[dict[str, bytes], str]] = {
    "changed file": ({"Try.exe": b"other", "lib/a [b].dll": WHOLE["lib/a [b].dll"]}, "checksum"),
    "missing file": ({"Try.exe": WHOLE["Try.exe"]}, "checksum"),
    "extra file": ({**WHOLE, "extra.dll": b"x"}, "checksum"),
    "escape": ({**WHOLE, "../../../evil.exe": b"x"}, "bad-request"),
    "absolute": ({**WHOLE, "/evil.exe": b"x"}, "bad-request"),
    "drive": ({**WHOLE, "C:/evil.exe": b"x"}, "bad-request"),
    "backslashes": ({**WHOLE, "..\\evil.exe": b"x"}, "bad-request"),
}


def test_what_is_not_the_manifest_is_not_composed(
    worker: Connection, host: HostHalf, archive: Callable[..., None]
) -> None:
    dest = rf"{ROOT}\releases\S\1.0.0-abc"
    for name, (files, code) in BAD_ARCHIVES.items():
        archive(**files)
        assert worker.refusal(compose(dest, WHOLE), [b"{}"]) == code, name
        assert list(host.path(dest).parent.iterdir()) == [], f"{name}: half a release is not a release"
    assert not host.path(r"C:\evil.exe").exists()


def test_archives_that_are_none(worker: Connection, host: HostHalf, archive: object) -> None:
    dest = rf"{ROOT}\releases\S\1.0.0-abc"
    worker.apply(put(rf"{ROOT}\cache\app.zip", b"no zip"), data=[b"no zip"])
    assert worker.refusal(compose(dest, WHOLE), [b"{}"]) == "checksum"
    assert worker.refusal(compose(dest, WHOLE, archives=[rf"{ROOT}\cache\gone.zip"]), [b"{}"]) == "missing"
    assert worker.refusal(compose(dest, {"../evil": b"x"}), [b"{}"]) == "bad-request"
    worker.apply(put(dest, b"a file"), data=[b"a file"])
    assert worker.refusal(compose(dest, WHOLE), [b"{}"]) == "exists"
    assert host.path(dest).read_bytes() == b"a file"
