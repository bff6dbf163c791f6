"""A project in a temporary folder, made from the real one's catalogue, templates and inventories."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.config.project import Project

REAL = Project(Path(__file__).resolve().parents[3])
Write = Callable[[str, str], None]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy that a test may spoil."""
    for name in ("inventories", "templates"):
        shutil.copytree(REAL.root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setenv("DEPLOY_PROJECT", str(tmp_path))
    for name in ("DEPLOY_SANDBOX_PREFIX", "DEPLOY_WINRM_PASSWORD", "DEPLOY_WINRM_USER"):
        monkeypatch.delenv(name, raising=False)
    return Project(tmp_path)


@pytest.fixture
def write(project: Project) -> Write:
    """Writes a file of that project."""

    def write_file(name: str, content: str) -> None:
        path = project.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")

    return write_file
