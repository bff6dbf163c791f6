"""Files and folders: every verb, twice, dry, and on paths as people make them."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.connection import Connection, sha256, step
from tests.contract.host_half import HostHalf

PRIVATE = {
    "inherit": False,
    "grants": [{"sid": "S-1-5-18", "rights": "full"}, {"sid": "S-1-5-32-544", "rights": "full"}],
}
ROOT = r"C:\TradingSystem"
UNUSUAL = [
    r"with space\a file.txt",
    r"[brackets]\(and) {more}.txt",
    r"quotes'and`ticks\$env.txt",
    r"ação\日本語\файл.txt",
    r"deep" + r"\level-of-many" * 20 + r"\file.txt",
    r"comma,semi;amp&\100%.txt",
    r"UPPER\lower.TXT",
]
ESCAPES = [
    r"C:\TradingSystem\..\Windows\evil.txt",
    r"C:\Windows\evil.txt",
    r"C:\TradingSystem",
    r"C:\TradingSystemOther\evil.txt",
    r"C:\TradingSystem\data\..\..\evil.txt",
    r"data\relative.txt",
    r"\\server\share\evil.txt",
    r"C:evil.txt",
    r"C:\TradingSystem\data\file.txt:stream",
    r"C:\TradingSystem\data\con",
    r"C:\TradingSystem\data\NUL.txt",
    r"C:\TradingSystem\data\trailing.",
    r"C:\TradingSystem\data\trailing ",
    "C:\\TradingSystem\\data\\new\nline",
    "",
]


def put(path: str, content: bytes, acl: Any = None) -> dict[str, Any]:
    return step("file.put", path=path, sha256=sha256(content), size=len(content), data={"data": 0}, acl=acl)


def zipped(**files: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


@pytest.mark.parametrize("name", UNUSUAL)
def test_unusual_names(worker: Connection, host: HostHalf, name: str) -> None:
    path = rf"{ROOT}\data\{name}"
    assert worker.apply(put(path, b"one"), data=[b"one"])[0]["changed"]
    assert not worker.apply(put(path, b"one"), data=[b"one"])[0]["changed"]
    assert host.path(path).read_bytes() == b"one"
    fact = worker.must("facts", {"paths": [path]})["paths"]["value"][0]
    assert (fact["path"], fact["kind"], fact["size"], fact["sha256"]) == (path, "file", 3, sha256(b"one"))


@pytest.mark.parametrize("path", ESCAPES)
@pytest.mark.parametrize("verb", ["file.put", "dir.remove", "cache.prune"])
def test_nothing_is_changed_outside_the_root(worker: Connection, path: str, verb: str) -> None:
    steps = {
        "file.put": put(path, b"x"),
        "dir.remove": step("dir.remove", path=path),
        "cache.prune": step("cache.prune", keep=[], folders=[path]),
    }
    answer = worker.ask("apply", {"steps": [steps[verb]]}, [b"x"])
    assert answer.code == "bad-request"
    assert answer.error["where"] == verb


def test_a_name_that_is_too_long(worker: Connection) -> None:
    answer = worker.ask("apply", {"steps": [put(rf"{ROOT}\data\{'x' * 256}", b"x")]}, [b"x"])
    assert answer.code == "path-too-long"


def test_case_does_not_matter(worker: Connection, host: HostHalf) -> None:
    worker.apply(put(rf"{ROOT}\Data\File.txt", b"x"), data=[b"x"])
    assert not worker.apply(put(r"c:\tradingsystem\DATA\FILE.TXT", b"x"), data=[b"x"])[0]["changed"]
    assert [path.name for path in host.path(rf"{ROOT}\Data").iterdir()] == ["File.txt"]


def test_put_replaces_and_sets_the_acl(worker: Connection, host: HostHalf) -> None:
    path = rf"{ROOT}\data\config.json"
    worker.apply(put(path, b"one"), data=[b"one"])
    assert worker.apply(put(path, b"two"), data=[b"two"])[0]["changed"]
    assert worker.apply(put(path, b"two", PRIVATE), data=[b"two"])[0]["changed"], "only the ACL differs"
    assert not worker.apply(put(path, b"two", PRIVATE), data=[b"two"])[0]["changed"]
    assert host.kernel.acl(path) == PRIVATE
    assert worker.must("facts", {"paths": [path]})["paths"]["value"][0]["protected"]
    assert [entry.name for entry in host.path(path).parent.iterdir()] == ["config.json"], "nothing is left beside it"


def test_bytes_that_arrive_wrong_leave_the_old_file(worker: Connection, host: HostHalf) -> None:
    path = rf"{ROOT}\data\a"
    worker.apply(put(path, b"one"), data=[b"one"])
    answer = worker.ask("apply", {"steps": [put(path, b"two")]}, [b"tampered"])
    assert answer.code == "checksum"
    assert host.path(path).read_bytes() == b"one"
    assert len(list(host.path(path).parent.iterdir())) == 1


def test_twenty_megabytes(worker: Connection, host: HostHalf) -> None:
    content = hashlib.sha256(b"seed").digest() * (20 * 1024 * 1024 // 32)
    worker.apply(put(rf"{ROOT}\cache\large.zip", content), data=[content])
    assert sha256(host.path(rf"{ROOT}\cache\large.zip").read_bytes()) == sha256(content)
    read = worker.must("file.read", {"path": rf"{ROOT}\cache\large.zip", "max_bytes": 30_000_000})
    assert read == {"size": len(content), "sha256": sha256(content)}
    assert worker.stream() == content


@pytest.mark.parametrize("content", [b"", b"text", bytes(range(256)) * 40])
def test_file_read(worker: Connection, host: HostHalf, content: bytes) -> None:
    path = rf"{ROOT}\data\logs\a [1].jsonl"
    worker.apply(put(path, content), data=[content])
    stranger = host.worker()
    assert stranger.must("file.read", {"path": path, "max_bytes": 20_000})["sha256"] == sha256(content)
    assert stranger.stream() == content
    assert stranger.ask("probe", {"kind": "process"}).ok


def test_file_read_refuses(worker: Connection) -> None:
    worker.apply(put(rf"{ROOT}\data\a", b"12345"), data=[b"12345"])
    assert worker.ask("file.read", {"path": rf"{ROOT}\data\b", "max_bytes": 10}).code == "missing"
    assert worker.ask("file.read", {"path": rf"{ROOT}\data\a", "max_bytes": 4}).code == "bad-request"
    assert worker.ask("file.read", {"path": "relative", "max_bytes": 4}).code == "bad-request"


def test_folders(worker: Connection, host: HostHalf) -> None:
    ensure = step("dir.ensure", path=rf"{ROOT}\data\ç d", acl=PRIVATE)
    assert worker.apply(ensure, dry=True)[0]["changed"]
    assert not host.path(rf"{ROOT}\data\ç d").exists()
    assert worker.apply(ensure)[0]["changed"]
    assert not worker.apply(ensure)[0]["changed"]
    assert host.kernel.acl(rf"{ROOT}\data\ç d") == PRIVATE
    worker.apply(put(rf"{ROOT}\data\ç d\file", b"x"), data=[b"x"])
    assert (
        worker.ask("apply", {"steps": [step("dir.ensure", path=rf"{ROOT}\data\ç d\file", acl=None)]}).code == "exists"
    )
    remove = step("dir.remove", path=rf"{ROOT}\data\ç d")
    assert worker.apply(remove, dry=True)[0]["changed"]
    assert host.path(rf"{ROOT}\data\ç d\file").exists()
    assert worker.apply(remove)[0]["changed"]
    assert not worker.apply(remove)[0]["changed"]
    assert not host.path(rf"{ROOT}\data\ç d").exists()


def test_a_reparse_point_is_removed_and_its_target_is_not(worker: Connection, host: HostHalf) -> None:
    worker.apply(step("dir.ensure", path=rf"{ROOT}\data", acl=None))
    worker.apply(put(rf"{ROOT}\kept\file", b"x"), data=[b"x"])
    host.path(rf"{ROOT}\data\link").symlink_to(host.path(rf"{ROOT}\kept"))
    through = worker.ask("apply", {"steps": [put(rf"{ROOT}\data\link\new", b"x")]}, [b"x"])
    assert through.code == "bad-request"
    worker.apply(step("dir.remove", path=rf"{ROOT}\data"))
    assert host.path(rf"{ROOT}\kept\file").exists()


def test_cache_prune(worker: Connection, host: HostHalf) -> None:
    for name in "abc":
        worker.apply(put(rf"{ROOT}\cache\{name}\file", b"x"), data=[b"x"])
    prune = step("cache.prune", keep=[rf"{ROOT}\cache\b"], folders=[rf"{ROOT}\cache\{name}" for name in "abc"])
    assert worker.apply(prune, dry=True)[0]["changed"]
    assert worker.apply(prune)[0]["changed"]
    assert not worker.apply(prune)[0]["changed"]
    assert [path.name for path in host.path(rf"{ROOT}\cache").iterdir()] == ["b"]


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


@pytest.mark.parametrize("damage", ["changed", "missing", "extra"])
def test_a_damaged_folder_is_put_aside_and_made_anew(
    worker: Connection, host: HostHalf, archive: object, damage: str
) -> None:
    dest = rf"{ROOT}\releases\S\1.0.0-abc"
    worker.apply(compose(dest, WHOLE), data=[b"{}"])
    program = host.path(dest) / "Try.exe"
    if damage == "changed":
        program.write_bytes(b"infected")
    elif damage == "missing":
        program.unlink()
    else:
        (host.path(dest) / "extra.dll").write_bytes(b"x")
    assert worker.apply(compose(dest, WHOLE), data=[b"{}"], dry=True)[0]["changed"]
    assert worker.apply(compose(dest, WHOLE), data=[b"{}"])[0]["changed"]
    assert program.read_bytes() == WHOLE["Try.exe"]
    assert len(list(host.path(dest).parent.iterdir())) == 2
    assert not worker.apply(compose(dest, WHOLE), data=[b"{}"])[0]["changed"]


BAD_ARCHIVES: dict[str, tuple[dict[str, bytes], str]] = {
    "changed file": ({"Try.exe": b"other", "lib/a [b].dll": WHOLE["lib/a [b].dll"]}, "checksum"),
    "missing file": ({"Try.exe": WHOLE["Try.exe"]}, "checksum"),
    "extra file": ({**WHOLE, "extra.dll": b"x"}, "checksum"),
    "escape": ({**WHOLE, "../../../evil.exe": b"x"}, "bad-request"),
    "absolute": ({**WHOLE, "/evil.exe": b"x"}, "bad-request"),
    "drive": ({**WHOLE, "C:/evil.exe": b"x"}, "bad-request"),
    "backslashes": ({**WHOLE, "..\\evil.exe": b"x"}, "bad-request"),
}


@pytest.mark.parametrize(("files", "code"), BAD_ARCHIVES.values(), ids=BAD_ARCHIVES.keys())
def test_what_is_not_the_manifest_is_not_composed(
    worker: Connection, host: HostHalf, archive: Callable[..., None], files: dict[str, bytes], code: str
) -> None:
    archive(**files)
    dest = rf"{ROOT}\releases\S\1.0.0-abc"
    assert worker.ask("apply", {"steps": [compose(dest, WHOLE)]}, [b"{}"]).code == code
    assert list(host.path(dest).parent.iterdir()) == [], "half a release is not a release"
    assert not host.path(r"C:\evil.exe").exists()


def test_archives_that_are_none(worker: Connection, archive: object) -> None:
    dest = rf"{ROOT}\releases\S\1.0.0-abc"
    worker.apply(put(rf"{ROOT}\cache\app.zip", b"no zip"), data=[b"no zip"])
    assert worker.ask("apply", {"steps": [compose(dest, WHOLE)]}, [b"{}"]).code == "checksum"
    gone = compose(dest, WHOLE, archives=[rf"{ROOT}\cache\gone.zip"])
    assert worker.ask("apply", {"steps": [gone]}, [b"{}"]).code == "missing"


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
