"""Runs an inventory or group_data file as pyinfra does, and tells kindly what is wrong with it."""

import ast
import runpy
import traceback
from pathlib import Path
from typing import Any

from deploy.config.project import Project
from deploy.model.problem import Problem, UsageError

_TELLING = (NameError, ImportError, KeyError, OSError)
"""Their messages hold names only; those of other exceptions could quote a secret."""


def run_file(project: Project, path: Path) -> dict[str, Any]:
    """The file's top-level names; raises UsageError with file and line when it can't be run."""
    try:
        values = runpy.run_path(str(path))
    except SyntaxError as exc:
        raise UsageError(_broken(project, path, exc.lineno or 1, "not Python: " + exc.msg)) from None
    except Exception as exc:  # noqa: BLE001  # anything may happen in a user's file
        detail = f": {exc}" if isinstance(exc, _TELLING) else ""
        raise UsageError(_broken(project, path, _line(path, exc), type(exc).__name__ + detail)) from None
    return {name: value for name, value in values.items() if not name.startswith("__") or name == "__all__"}


def exported(path: Path, values: dict[str, Any]) -> dict[str, Any]:
    """What a group_data file sets: `__all__` when it has one, else everything but what it imports."""
    if "__all__" in values:
        return {name: values[name] for name in values["__all__"] if name in values}
    imported = _imported(ast.parse(path.read_text("utf-8")))
    return {name: value for name, value in values.items() if name not in imported}


def _imported(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            names |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def _line(path: Path, exc: BaseException) -> int:
    lines = [frame.lineno for frame in traceback.extract_tb(exc.__traceback__) if frame.filename == str(path)]
    return lines[-1] or 1 if lines else 1


def _broken(project: Project, path: Path, line: int, what: str) -> Problem:
    return Problem("inventory-broken", f"{project.shown(path)}:{line}", what, "a Python file that runs", "correct it")
