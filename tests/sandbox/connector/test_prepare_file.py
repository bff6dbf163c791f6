"""deploy/prepare.py on this project's own inventory, catalogue and templates, by pyinfra's command line."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.cli.playground import TOOLKIT, Playground


@pytest.fixture
def playground(tmp_path: Path) -> Iterator[Playground]:
    found = Playground(tmp_path, "127.0.80")
    yield found
    found.invoke("sandbox.down", "--env", "dev")


def prepare(playground: Playground) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pyinfra", "-y", "inventories/dev.py", str(TOOLKIT / "deploy" / "prepare.py")],
        cwd=playground.folder,
        env=playground.environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_pyinfra_prepares_the_fleet_and_leaves_nothing_for_staging(playground: Playground) -> None:
    assert playground.invoke("sandbox.up", "--env", "dev").code == 0
    source = playground.folder / ".deploy" / "sandbox" / "dev" / "samples" / "1.0.0"
    built = playground.invoke("release.build", "--version", "1.0.0", "--source", str(source))
    assert built.code == 0, built.stderr
    first, second = prepare(playground), prepare(playground)
    assert first.returncode == 0, first.stderr
    assert second.returncode == 0, second.stderr
    assert re.search(r"\[dev-trade-01\]\s+Success", first.stderr)
    assert not re.search(r"\]\s+Success", second.stderr)
    plan = playground.invoke("plan", "--env", "dev", "--release", "1.0.0", "--json")
    steps = [step["id"] for host in plan.document()["hosts"] for step in host["steps"]]
    assert not [
        step for step in steps if step.startswith(("folder-", "archive-", "runtime-", "revision-", "register-"))
    ]
    assert [step for step in steps if step.startswith("start-")]
