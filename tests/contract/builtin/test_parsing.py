"""Command lines, paths, and the decisions of gate and adoption."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.sandbox.engines.builtin.command_line import split_command_line
from deploy.sandbox.engines.builtin.engine import recognise
from deploy.sandbox.engines.builtin.primitives.adoption import program_of
from deploy.sandbox.engines.builtin.primitives.health import Gate, Look
from deploy.sandbox.engines.builtin.windows_path import parts_of
from deploy.wire.bootstrap import COMMAND, ENV_BOOT
from deploy.wire.errors import WireError

SETTLE = "powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File"

LINES = {
    r'a "b c" d': ["a", "b c", "d"],
    r"a\\b\c": [r"a\\b\c"],
    r'"a\\" b': ["a\\", "b"],
    r'"a\"b"': ['a"b'],
    r'"a""b"': ['a"b'],
    'a\t"" b ': ["a", "", "b"],
    r'x"y z"w': ["xy zw"],
}


@pytest.mark.parametrize(("line", "words"), LINES.items())
def test_command_lines_are_split_as_windows_does(line: str, words: list[str]) -> None:
    assert split_command_line(line) == words


def quoted(word: str) -> str:
    """As CommandLineToArgvW is undone: backslashes before a quote are doubled."""
    out, slashes = "", 0
    for sign in word:
        if sign == '"':
            out += "\\" * slashes + "\\"
        slashes = slashes + 1 if sign == "\\" else 0
        out += sign
    return f'"{out}{chr(92) * slashes}"'


@given(st.lists(st.text(st.sampled_from("ab \t\\\"'$"), max_size=8), min_size=1))
def test_what_was_quoted_comes_back(words: list[str]) -> None:
    assert split_command_line(" ".join(map(quoted, words))) == words


def test_a_worker_is_started_only_by_its_command() -> None:
    assert recognise(COMMAND, {ENV_BOOT: "x"}) == ["worker"]
    assert recognise(COMMAND.replace(" -NonI", "   -NonI"), {"tsdeploy_boot": "x"}) == ["worker"]
    for line, variables in [
        (COMMAND, {}),
        (COMMAND + " -Verbose", {ENV_BOOT: "x"}),
        ("powershell.exe -Command Get-Date", {ENV_BOOT: "x"}),
        ("cmd.exe /c dir", {ENV_BOOT: "x"}),
        ("", {ENV_BOOT: "x"}),
        (rf"{SETTLE} C:\other.ps1", {}),
        (SETTLE, {}),
    ]:
        with pytest.raises(LookupError, match="built-in engine"):
            recognise(line, variables)


def test_the_settling_task_is_recognised_with_its_root() -> None:
    line = rf'{SETTLE} "C:\Trading System\infrastructure\agent\executor.ps1" -Agent abc'
    assert recognise(line, {}) == ["executor", r"C:\Trading System", "-Agent", "abc"]


@given(st.text(max_size=60))
def test_a_path_is_good_or_refused(path: str) -> None:
    try:
        drive, names = parts_of(path)
    except WireError as exc:
        refused = exc.code
    else:
        refused = ""
    if refused:
        assert refused in {"bad-request", "path-too-long"}
        return
    assert drive.isalpha()
    assert not {"", ".", ".."} & set(names)
    assert not any(sign in name for name in names for sign in '<>:"|?*\\/')


PROGRAMS = {
    r'"C:\a b\c.exe" --x "y"': r"C:\a b\c.exe",
    r"C:\a b\c.exe --x": r"C:\a b\c.exe",
    r"C:\a\C.EXE": r"C:\a\C.EXE",
    r"C:\a\run.cmd arg": r"C:\a\run.cmd",
}


@pytest.mark.parametrize(("image_path", "program"), PROGRAMS.items())
def test_the_program_of_an_image_path(image_path: str, program: str) -> None:
    assert program_of(image_path) == program


def test_the_gate_starts_anew_with_each_process() -> None:
    first, second, ill = Look((1, "a")), Look((1, "b")), Look(None, "ill")
    gate = Gate().after(first, 0.0)
    assert not gate.open(0.9, 1.0)
    assert gate.after(first, 1.0).open(1.0, 1.0)
    assert not gate.after(second, 1.0).open(1.9, 1.0), "the same number, another process"
    assert not gate.after(ill, 0.5).after(first, 0.6).open(1.5, 1.0)
    assert not Gate().open(100.0, 0.0)
