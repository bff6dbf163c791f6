"""What needs no Wine: batch files, task files, what is missing."""

import pytest

from deploy.sandbox.wine import tool
from deploy.sandbox.wine.batch import divide, line_file
from deploy.sandbox.wine.schedule import TaskFile, parse

TASK = """<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <Triggers><BootTrigger/><TimeTrigger/></Triggers><Settings><Enabled>{enabled}</Enabled></Settings>
  <Actions><Exec><Command>%SystemRoot%\\x.exe</Command><Arguments>-a "b c"</Arguments></Exec></Actions>
</Task>"""


@pytest.mark.parametrize(
    ("typed", "in_file"),
    [
        ("echo %COMPUTERNAME%", "echo %COMPUTERNAME%"),
        ("echo 100%", "echo 100%%"),
        ("echo %ProgramFiles(x86)% 5%", "echo %ProgramFiles(x86)% 5%%"),
        ("echo %TIME:~0,2%", "echo %TIME:~0,2%"),
        ("for %i in (1 2) do @echo %i", "for %%i in (1 2) do @echo %%i"),
    ],
)
def test_a_line_means_in_a_file_what_it_means_when_typed(typed: str, in_file: str) -> None:
    assert line_file(typed) == f"@echo off\r\n{in_file}\r\n"


def test_variables_that_the_shell_or_wine_would_take_are_set_on_the_machine() -> None:
    ours = {"TSDEPLOY_BOOT": "x"}
    theirs = {"PATH": "a", "Home": "b", "WINEPREFIX": "c", "LD_PRELOAD": "d", "ProgramFiles(x86)": "e", "TEMP": "f"}
    assert divide({**ours, **theirs}) == (ours, theirs)


@pytest.mark.parametrize(("text", "enabled"), [("true", True), ("false", False)])
def test_a_task_file(text: str, enabled: bool) -> None:
    content = TASK.format(enabled=text).encode("utf-16")
    assert parse(content) == TaskFile(enabled, True, True, r"C:\windows\x.exe", '-a "b c"')


@pytest.mark.parametrize("content", [b"", b"<Task", b"\xff\xfe<\0"])
def test_a_task_file_that_is_none(content: bytes) -> None:
    with pytest.raises(ValueError, match="not XML"):
        parse(content)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, tool.ENV_TOOL),
        ({tool.ENV_TOOL: "/no/such/program"}, tool.ENV_TOOL),
        ({tool.ENV_TOOL: "/bin/true", tool.ENV_WINE: "/no/wine"}, "Wine is not installed"),
    ],
)
def test_what_is_missing(environ: dict[str, str], said: str) -> None:
    lacking = tool.missing(environ)
    assert lacking is not None
    assert said in lacking[0]
    assert tool.missing({tool.ENV_TOOL: "/bin/true", tool.ENV_WINE: "/bin/true"}) is None
