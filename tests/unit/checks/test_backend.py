"""Command lines of cmd.exe over a connection that exists."""

import pytest

from deploy.checks.backend import WindowsBackend, quoted
from deploy.checks.host import WindowsHost
from tests.unit.checks.fleet import Ended, FakeConnection, deployed
from tests.unit.planning.fleet import ROOT


@pytest.mark.parametrize(
    ("text", "argument"),
    [
        ("", '""'),
        ("plain", '"plain"'),
        (r"C:\Program Files\x.exe", r'"C:\Program Files\x.exe"'),
        ("a & del b | c > d ^ e ! (f)", '"a & del b | c > d ^ e ! (f)"'),
        ("C:\\data\\", '"C:\\data\\\\"'),
        ("\\\\", '"\\\\\\\\"'),
        ("São Paulo", '"São Paulo"'),
    ],
)
def test_quoting(text: str, argument: str) -> None:
    assert quoted(text) == argument


@pytest.mark.parametrize("text", ['a"b', "%PATH%", "a\nb", "a\rb", "a\0b"])
def test_what_cannot_be_quoted_safely_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="safely"):
        quoted(text)


def test_a_command_without_arguments_stays_as_it_is() -> None:
    assert WindowsBackend.quote("echo 100%") == "echo 100%"


def test_run_gives_code_and_both_streams() -> None:
    facts = deployed("a")["a"]
    connection = FakeConnection(facts, {'type "C:\\x y"': Ended(7, "São".encode(), b"no")})
    ended = WindowsHost(connection, facts, ROOT).run("type %s", r"C:\x y")
    assert (ended.rc, ended.stdout, ended.stderr) == (7, "São", "no")
    assert ended.failed


def test_what_nobody_scripted_fails() -> None:
    facts = deployed("a")["a"]
    with pytest.raises(AssertionError, match="nobody scripted"):
        WindowsHost(FakeConnection(facts), facts, ROOT).run("format C:")
