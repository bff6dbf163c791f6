"""Counting PowerShells of one machine: those that started meanwhile, by name, in any spelling."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.bench.powershells import PowerShellCount
from deploy.sandbox.machine.loader import ENV_FOLDER

DEADLINE_S = 10.0


@contextmanager
def process(name: str, folder: Path) -> Iterator[None]:
    """One that calls itself so, on the machine of this folder."""
    started = subprocess.Popen([name, "60"], executable="/bin/sleep", env={ENV_FOLDER: str(folder)})
    try:
        yield
    finally:
        started.kill()
        started.wait()


def test_those_of_the_machine_that_start_meanwhile_are_counted(tmp_path: Path) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    with process("powershell.exe", mine), PowerShellCount(mine) as count:
        assert count.started == 0
        for wanted, name in enumerate(("powershell", r"C:\windows\v1.0\PowerShell.exe", "powershell.exe"), 1):
            with process(name, mine), process("powershell", other), process("cmd.exe", mine):
                deadline = time.monotonic() + DEADLINE_S
                while count.started < wanted:
                    assert time.monotonic() < deadline, name
                    time.sleep(0.01)
        assert count.started == 3


def test_a_count_ends_with_what_raised_inside(tmp_path: Path) -> None:
    with pytest.raises(LookupError), PowerShellCount(tmp_path) as count:
        raise LookupError
    assert count.started == 0
