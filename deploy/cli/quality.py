"""`invoke test` and `invoke check`: the same here as in CI."""

import os
import subprocess
import sys
from pathlib import Path

from deploy.cli.output import Output
from deploy.config.project import Project
from deploy.model.run import Exit

_SCRIPTS = ("deploy", ".github")
"""Folders with PowerShell that is linted."""


def run_tests(project: Project, select: str | None, output: Output) -> Exit:
    """pytest over `select`, or over everything that needs no environment."""
    return _all_pass(project, [("tests", [sys.executable, "-m", "pytest", *([select] if select else [])])], output)


def run_checks(project: Project, fast: bool, output: Output) -> Exit:
    """Every check, and with `fast` False the tests; all of them run, the first failure doesn't hide the next."""
    python = sys.executable
    bin_folder = Path(python).parent
    checks = [
        ("ruff", [python, "-m", "ruff", "check", "."]),
        ("format", [python, "-m", "ruff", "format", "--check", "."]),
        ("mypy", [python, "-m", "mypy"]),
        ("imports", [str(bin_folder / "lint-imports")]),
        *workflow_checks(project.root, bin_folder),
    ]
    scripts = sorted(str(path) for name in _SCRIPTS for path in (project.root / name).rglob("*.ps*1"))
    if pwsh := os.environ.get("DEPLOY_TEST_PWSH"):
        checks.append(("powershell", [pwsh, "--lint", *scripts, "--warnings-as-errors"]))
    else:
        output.text("powershell: not linted (DEPLOY_TEST_PWSH names no engine with --lint)")
    if not fast:
        checks.append(("tests", [python, "-m", "pytest"]))
    return _all_pass(project, checks, output)


def workflow_checks(root: Path, bin_folder: Path) -> list[tuple[str, list[str]]]:
    """Linters of the CI workflows: zizmor for what is unsafe, check-jsonschema for what is no workflow."""
    files = sorted(str(path) for path in (root / ".github" / "workflows").glob("*.yml"))
    schema = ["--builtin-schema", "vendor.github-workflows", "--color", "never"]
    return [
        ("workflows", [str(bin_folder / "zizmor"), "--offline", "--no-progress", "--quiet", *files]),
        ("workflow syntax", [str(bin_folder / "check-jsonschema"), *schema, *files]),
    ]


def _all_pass(project: Project, checks: list[tuple[str, list[str]]], output: Output) -> Exit:
    failed = []
    for name, command in checks:
        output.text(f"== {name}")
        if subprocess.run(command, cwd=project.root, check=False).returncode:
            failed.append(name)
    if failed:
        output.text(f"failed: {', '.join(failed)}")
    return Exit.FAILED if failed else Exit.OK
