"""The controller's side and the tests can be read on Windows: shown here by taking away what Python lacks there."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from deploy.sandbox.fleet.engines import ENGINES, missing

ROOT = Path(__file__).parents[2]


def as_on_windows(
    *words: str, path: Path = ROOT, environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tests.native.as_on_windows", *words],
        env={**os.environ, "PYTHONPATH": str(path), **(environment or {})},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("words", [("deploy", "tasks"), ("--collect", "tests")], ids=["modules", "tests"])
def test_everything_can_be_read(words: tuple[str, ...]) -> None:
    done = as_on_windows(*words)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_what_windows_lacks_is_noticed(tmp_path: Path) -> None:
    lines = {
        "module": "import fcntl",
        "function": "from os import fork",
        "constant": "import signal; signal.SIGKILL",
        "file": "open('/proc/self/stat')",
        "harmless": "import os, signal; signal.SIGTERM",
    }
    package = tmp_path / "needy"
    package.mkdir()
    (package / "__init__.py").touch()
    for name, line in lines.items():
        (package / f"{name}.py").write_text(line + "\n", "utf-8")
    done = as_on_windows("needy", path=tmp_path)
    assert done.returncode == 1, done.stderr
    found = {line.partition(":")[0] for line in done.stdout.splitlines()}
    assert found == {f"needy.{name}" for name in lines if name != "harmless"}


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_simulated_hosts_are_refused_elsewhere(engine: str) -> None:
    lacking = missing(engine, {}, platform="win32")
    assert lacking is not None
    assert "Linux" in lacking[0]
