"""docs/guarantees.md names the tests that prove each promise: they exist."""

import ast
import re
from pathlib import Path

import pytest

from deploy.cli.playground import TOOLKIT

TEXT = (TOOLKIT / "docs" / "guarantees.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## Promise (\d+): [^\n]*\n(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE))
NAMED = re.findall(r"`([\w/]+\.py)::(test_\w+)`", TEXT)


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_every_named_test_exists(path: str, name: str) -> None:
    assert name in functions(TOOLKIT / "tests" / path)


def test_every_promise_has_its_section_and_tests() -> None:
    assert list(SECTIONS) == [str(number) for number in range(1, 11)]
    for number, section in SECTIONS.items():
        named = re.findall(r"::(test_\w+)`", section)
        assert named, number
        assert all(number in re.findall(r"\d+", name) for name in named if name.startswith("test_promise_"))


def functions(path: Path) -> set[str]:
    """Names of a module's functions, nested ones included; empty when there is no such file."""
    if not path.is_file():
        return set()
    return {node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)}
