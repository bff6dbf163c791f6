"""Which error codes a test compares with the code of an answer, read from its source."""

import ast
from collections.abc import Iterator

CODE = "code"
"""`answer.code`; `error["code"]`; `code` as the name of a table's column."""
ANSWERING = {"refusal"}
"""Functions that give a code."""


def compared_codes(tree: ast.Module) -> set[str]:
    """Strings that are compared with a code, themselves or as `code` column of the table that a loop goes through."""
    tables = {name: value for node in tree.body for name, value in _assigned(node)}
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and _tells_code(node):
            found |= _strings([node.left, *node.comparators])
        if isinstance(node, ast.For) and any(map(_compares_column, ast.walk(node))):
            found |= _column(node.target, node.iter, tables)
    return found


def _tells_code(compare: ast.Compare) -> bool:
    return any(map(_is_code, ast.walk(compare)))


def _is_code(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == CODE
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and node.slice.value == CODE
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ANSWERING


def _compares_column(node: ast.AST) -> bool:
    """`answer.code == code`."""
    if not isinstance(node, ast.Compare) or not _tells_code(node):
        return False
    return any(isinstance(side, ast.Name) and side.id == CODE for side in (node.left, *node.comparators))


def _strings(sides: list[ast.expr]) -> set[str]:
    """Those that stand for themselves: not keys, and not what a call is given."""
    found: set[str] = set()
    for side in sides:
        if isinstance(side, ast.Constant) and isinstance(side.value, str):
            found.add(side.value)
        elif isinstance(side, ast.Tuple | ast.Set | ast.List):
            found |= _strings(side.elts)
    return found


def _assigned(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        yield node.targets[0].id, node.value
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        yield node.target.id, node.value


def _column(target: ast.expr, table: ast.expr, tables: dict[str, ast.expr]) -> set[str]:
    place = _place(target)
    if place is None:
        return set()
    cells = [_at(row, place) for row in _rows(table, tables)]
    return _strings([cell for cell in cells if cell is not None])


def _place(target: ast.expr) -> list[int] | None:
    """Where in a row CODE stands, from outside to inside; None: nowhere."""
    if isinstance(target, ast.Name):
        return [] if target.id == CODE else None
    if isinstance(target, ast.Tuple):
        for number, part in enumerate(target.elts):
            if (below := _place(part)) is not None:
                return [number, *below]
    return None


def _rows(table: ast.expr, tables: dict[str, ast.expr]) -> list[ast.expr]:
    if isinstance(table, ast.Name) and table.id in tables:
        return _rows(tables[table.id], tables)
    if isinstance(table, ast.Call) and isinstance(table.func, ast.Attribute) and table.func.attr == "items":
        return _rows(table.func.value, tables)
    if isinstance(table, ast.Dict):
        return [ast.Tuple([key, value]) for key, value in zip(table.keys, table.values, strict=True) if key is not None]
    return list(table.elts) if isinstance(table, ast.Tuple | ast.List) else []


def _at(row: ast.expr, place: list[int]) -> ast.expr | None:
    for number in place:
        if not isinstance(row, ast.Tuple):
            return None
        row = row.elts[number]
    return row
