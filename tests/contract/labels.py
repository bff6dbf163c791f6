"""What each case's proof on Wine rests on, read from the tests: `python -m tests.contract.labels` writes the page."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.wire.errors import CODES
from tests.contract.codes import compared_codes

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "contract-cases.md"
OWN = "test_labels.py"
UNPROVOKED = {"internal": "a defect of the host half: a case that provoked it would be a bug to mend"}
"""Codes that no case provokes, and why."""
_HEAD = """<!-- Written by `python -m tests.contract.labels` from the tests. Edit those. -->

# The cases of the contract suite

`pytest tests/contract --engine builtin|powershell`: the same cases on both engines. How each is proven for the host
half in PowerShell:

- *wine*: by real Windows programs on Wine;
- *stand-in*: the host half's own code ran against a stand-in of docs/engines.md on the machine's side;
- *windows-only*: only Windows can show it. Runs in the Windows job and on the built-in engine, and is not yet proven;
- *not natively*: left out in the Windows job, since it would harm the computer that runs the tests.

"""


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """One test function; `label` as the page has it."""

    file: str
    name: str
    label: str


def cases(folder: Path = HERE) -> list[Case]:
    """All of them, sorted."""
    return sorted(case for path in folder.glob("test_*.py") if path.name != OWN for case in _of(path))


def page() -> str:
    """The whole page."""
    rows = [f"| {case.file.removesuffix('.py')} | {case.name} | {case.label} |" for case in cases()]
    tail = [
        "",
        "Error codes that no case provokes: " + "; ".join(f"`{code}`: {why}" for code, why in UNPROVOKED.items()),
    ]
    return _HEAD + "\n".join(["| file | case | proven by |", "| --- | --- | --- |", *rows, *tail]) + ".\n"


def unprovoked(folder: Path = HERE) -> set[str]:
    """The error codes that no case compares with an answer's."""
    files = [path.read_text("utf-8") for path in folder.glob("test_*.py") if path.name != OWN]
    return CODES.keys() - {code for file in files for code in compared_codes(ast.parse(file))}


def _of(path: Path) -> Iterator[Case]:
    tree = ast.parse(path.read_text("utf-8"))
    everywhere = [
        mark
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
        for mark in (node.value.elts if isinstance(node.value, ast.List) else [node.value])
    ]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield Case(path.name, node.name, _label([*node.decorator_list, *everywhere]))


def _label(marks: list[ast.expr]) -> str:
    def texts(mark: str) -> list[str]:
        calls = [
            each for each in marks if isinstance(each, ast.Call) and ast.unparse(each.func) == f"pytest.mark.{mark}"
        ]
        return [ast.literal_eval(argument) for call in calls for argument in call.args]

    if reasons := texts("windows_only"):
        return f"windows-only: {reasons[0]}"
    stand_ins = sorted(set(texts("stand_in")))
    label = f"stand-in: {', '.join(stand_ins)}" if stand_ins else "wine"
    return "; not natively: ".join([label, *texts("not_natively")])


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
