"""Paths as people make them, and those that are refused."""

from collections.abc import Callable
from typing import Any

from tests.contract.connection import Connection, sha256, step
from tests.contract.files import put
from tests.contract.host_half import ROOT, HostHalf

UNUSUAL = [
    "x" * 200 + "\\" + "y" * 200,
    "z" * 255,
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


def test_unusual_names(worker: Connection, host: HostHalf) -> None:
    for name in UNUSUAL:
        path = rf"{ROOT}\data\{name}"
        assert worker.change(put(path, b"one"), data=[b"one"]) == [True], name
        assert worker.change(put(path, b"one"), data=[b"one"]) == [False], name
        assert host.path(path).read_bytes() == b"one", name
        fact = worker.must("facts", {"paths": [path]})["paths"]["value"][0]
        told = (path, "file", 3, sha256(b"one"))
        assert (fact["path"], fact["kind"], fact["size"], fact["sha256"]) == told, name
        assert worker.must("file.read", {"path": path})["size"] == 3, name
        assert worker.stream() == b"one", name


def test_nothing_is_changed_outside_the_root(worker: Connection, host: HostHalf) -> None:
    composed: dict[str, Any] = {"archives": [], "files": [], "manifest": {}, "acl": None}
    verbs: dict[str, Callable[[str], dict[str, Any]]] = {
        "file.put": lambda path: put(path, b"x"),
        "dir.remove": lambda path: step("dir.remove", path=path),
        "cache.prune": lambda path: step("cache.prune", keep=[], folders=[path]),
        "secret.put": lambda path: step("secret.put", path=path, data={"data": 0}, service="S"),
        "folder.compose": lambda path: step("folder.compose", dest=path, **composed),
    }
    for verb, make in verbs.items():
        for path in ESCAPES if verb in {"file.put", "dir.remove", "cache.prune"} else ESCAPES[:3]:
            assert worker.refusal(make(path), [b"x"]) == "bad-request", f"{verb} {path!r}"
    for path in ESCAPES:
        if path != ROOT:
            assert worker.refusal(step("dir.ensure", path=path, acl=None)) == "bad-request", path
    assert not host.path(r"C:\Windows\evil.txt").exists()
    assert not host.path(r"C:\evil.txt").exists()


def test_names_and_paths_that_are_too_long(worker: Connection) -> None:
    for path in (rf"{ROOT}\data\{'x' * 256}", rf"{ROOT}\data" + r"\level-of-many" * 2500):
        for refused in (put(path, b"x"), step("dir.ensure", path=path, acl=None), step("dir.remove", path=path)):
            assert worker.refusal(refused, [b"x"]) == "path-too-long", f"{refused['verb']} {len(path)}"
        assert worker.ask("file.read", {"path": path}).code == "path-too-long"


def test_case_does_not_matter(worker: Connection, host: HostHalf) -> None:
    worker.apply(put(rf"{ROOT}\Data\File.txt", b"x"), data=[b"x"])
    assert worker.change(put(r"c:\tradingsystem\DATA\FILE.TXT", b"x"), data=[b"x"]) == [False]
    assert [path.name for path in host.path(rf"{ROOT}\Data").iterdir()] == ["File.txt"]
