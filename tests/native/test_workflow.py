"""The CI workflow can't be run here, so its linters have to find what is wrong with it: all but wrong expressions."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.cli.quality import workflow_checks

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
BIN = Path(sys.executable).parent

MISTAKES: dict[str, tuple[str, str]] = {
    "a key of a job": ("timeout-minutes: 60", "timeout-minuts: 60"),
    "a key of a step": ("if: always()", "iff: always()"),
    "a key twice": ("fail-fast: false", "fail-fast: false\n      fail-fast: true"),
    "an event": ("pull_request:", "pull_requests:"),
    "a permission": ("contents: read", "content: read"),
    "an action by its tag": ("@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2", "@v6"),
    "a short commit": ("a309ff8b426b58ec0e2a45f0f869d46889d02405", "a309ff8"),
    "credentials that stay": ("        with:\n          persist-credentials: false\n", ""),
    "a stranger's text in a script": ("./invoke test", "echo ${{ github.event.pull_request.title }}"),
}


def findings(root: Path) -> str:
    """What the linters say, empty when they are content."""
    said = ""
    for _, command in workflow_checks(root, BIN):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            said += f"{command[0]}: {done.stdout}{done.stderr}"
    return said


def test_the_workflow_is_clean() -> None:
    assert findings(ROOT) == ""


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found(mistake: str, tmp_path: Path) -> None:
    right, wrong = MISTAKES[mistake]
    text = WORKFLOW.read_text("utf-8")
    assert right in text
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "ci.yml").write_text(text.replace(right, wrong, 1), "utf-8")
    assert findings(tmp_path) != ""
