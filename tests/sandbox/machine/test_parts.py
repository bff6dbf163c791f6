"""Parts without processes: paths, command lines, registry, recovery, boot order, tables."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.sandbox.machine import commandline, loader
from deploy.sandbox.machine.boot_order import boot_order
from deploy.sandbox.machine.kernel import KernelError
from deploy.sandbox.machine.paths import to_local, to_windows
from deploy.sandbox.machine.recovery import NEVER_RESET, Failures, is_failure, respond
from deploy.sandbox.machine.registration import FailureActions, Registration, parse_failure_actions
from deploy.sandbox.machine.registry import Hive
from deploy.sandbox.machine.state import State


def test_paths_are_found_in_any_case(tmp_path: Path) -> None:
    (tmp_path / "C" / "TradingSystem" / "Releases").mkdir(parents=True)
    found = tmp_path / "C" / "TradingSystem" / "Releases"
    for text in (r"C:\tradingsystem\RELEASES", r"c:/TradingSystem/releases/", r"\\?\C:\TradingSystem\x\..\Releases"):
        assert to_local(tmp_path, text) == found
    assert to_local(tmp_path, r"C:\TRADINGSYSTEM\New.txt") == tmp_path / "C" / "TradingSystem" / "New.txt"
    assert to_windows(tmp_path, found) == r"C:\TradingSystem\Releases"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (r"D:\x", 15),
        ("x", 15),
        (r"\\server\share", 15),
        ("C:x", 15),
        (r"C:\..\x", 161),
        (r"C:\a\..\..\x", 161),
        ("C:\\a?b", 123),
        ("C:\\a.", 123),
        ("C:\\a\x00b", 123),
    ],
)
def test_bad_paths(tmp_path: Path, path: str, code: int) -> None:
    with pytest.raises(KernelError) as caught:
        to_local(tmp_path, path)
    assert caught.value.code == code


def test_a_link_may_not_lead_out(tmp_path: Path) -> None:
    (tmp_path / "C").mkdir()
    (tmp_path / "C" / "out").symlink_to("/etc")
    with pytest.raises(KernelError):
        to_local(tmp_path, r"C:\out\passwd")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ('a "b c" d', ["a", "b c", "d"]),
        (r'"C:\x y\" z', [r'C:\x y" z']),
        (r'"C:\x y\\" z', ["C:\\x y\\", "z"]),
        (r'a\\b "" \"q', [r"a\\b", "", '"q']),
    ],
)
def test_command_lines(line: str, words: list[str]) -> None:
    assert commandline.split(line) == words


def _quote(word: str) -> str:
    result, slashes = "", 0
    for char in word:
        if char == '"':
            result += "\\" * (slashes + 1)
        slashes = slashes + 1 if char == "\\" else 0
        result += char
    return '"' + result + "\\" * slashes + '"'


@given(st.lists(st.text('ab\\" \t', max_size=8), max_size=5))
def test_quoted_words_come_back(words: list[str]) -> None:
    assert commandline.split(" ".join(_quote(word) for word in words)) == words


def test_an_unquoted_path_with_spaces_is_found(tmp_path: Path) -> None:
    program = tmp_path / "C" / "Program Files" / "Try.exe"
    program.parent.mkdir(parents=True)
    program.write_text("SANDBOX-EXE native 1\n")
    found = loader.resolve(tmp_path, r"c:\program files\try --config C:\x.json")
    assert (found.image, found.arguments) == (r"C:\Program Files\Try.exe", ("--config", r"C:\x.json"))


@pytest.mark.parametrize("content", ["MZ", "", "SANDBOX-EXE", "SANDBOX-EXE games 1\n"])
def test_what_is_no_program(tmp_path: Path, content: str) -> None:
    (tmp_path / "C").mkdir()
    (tmp_path / "C" / "x.exe").write_text(content)
    with pytest.raises(KernelError) as caught:
        loader.resolve(tmp_path, r"C:\x.exe")
    assert caught.value.code == 193


def test_variables_are_expanded() -> None:
    assert loader.expand(r"%SystemRoot%\x %no% 5%", {"SYSTEMROOT": r"C:\W"}) == r"C:\W\x %no% 5%"


def test_registry_in_any_case(tmp_path: Path) -> None:
    hive = Hive(State(tmp_path / "machine.json"))
    hive.set(r"HKEY_LOCAL_MACHINE\Software\Try", "Value", "REG_SZ", "x")
    hive.set(r"HKLM:\SOFTWARE\try", "VALUE", "REG_DWORD", 7)
    assert hive.get(r"hklm\software\TRY\\") == {"VALUE": ("REG_DWORD", 7)}
    assert hive.subkeys("HKLM") == ["Software"]
    hive.delete(r"HKLM\Software", None)
    assert hive.get(r"HKLM\Software\Try") is None


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("REG_DWORD", -1),
        ("REG_DWORD", True),
        ("REG_DWORD", "1"),
        ("REG_BINARY", "0"),
        ("REG_BINARY", "GG"),
        ("REG_X", 1),
    ],
)
def test_registry_data_has_its_type(tmp_path: Path, type_: Any, value: Any) -> None:
    hive = Hive(State(tmp_path / "machine.json"))
    with pytest.raises(KernelError):
        hive.set(r"HKLM\X", "v", type_, value)
    with pytest.raises(KernelError):
        hive.get("HKEY_NOWHERE")


def test_the_published_bytes_of_recovery_actions() -> None:
    published = "8051010000000000000000000300000014000000010000008813000001000000983a00000100000060ea0000"
    assert parse_failure_actions(published) == FailureActions(
        86400, (("restart", 5000), ("restart", 15000), ("restart", 60000))
    )
    assert parse_failure_actions("00") == FailureActions(0, ())
    assert parse_failure_actions("00" * 12 + "ff000000" + "00" * 4) == FailureActions(0, ())


def test_recovery_counts_and_repeats_the_last_action() -> None:
    actions = FailureActions(100, (("restart", 5000), ("none", 0), ("reboot", 1000)))
    failures, taken = Failures(), []
    for now_s in (1.0, 2.0, 3.0, 4.0, 103.9, 203.9):
        response = respond(actions, failures, now_s)
        failures = response.failures
        taken.append((failures.count, response.action))
    assert taken == [(1, "restart"), (2, "none"), (3, "reboot"), (4, "reboot"), (5, "reboot"), (1, "restart")]
    assert respond(FailureActions(0, actions.actions), Failures(1, 5.0), 5.0).failures.count == 1
    assert respond(FailureActions(NEVER_RESET, actions.actions), Failures(1, 0.0), 1e9).failures.count == 2
    assert respond(FailureActions(9, ()), Failures(), 1.0).action == "none"


@pytest.mark.parametrize(
    ("reported", "flag", "counts"),
    [(None, False, True), (None, True, True), (0, True, False), (1, False, False), (1, True, True)],
)
def test_what_counts_as_a_failure(reported: int | None, flag: bool, counts: bool) -> None:
    assert is_failure(reported, on_non_crash=flag) is counts


def _service(name: str, *depends_on: str, start: int = 2, delayed: bool = False) -> Registration:
    return Registration(name, "x", start, delayed, "", depends_on, (), FailureActions(0, ()), False, False)


def test_boot_order() -> None:
    services = [
        _service("C", "b"),
        _service("B", "A"),
        _service("A"),
        _service("D", start=4),
        _service("L", delayed=True),
        _service("X", "Y"),
        _service("Y", "X"),
    ]
    assert boot_order(services, delayed=False) == ["A", "B", "C", "Y", "X"]
    assert boot_order(services, delayed=True) == ["L"]
