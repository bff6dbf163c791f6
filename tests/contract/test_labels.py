"""The page of cases and labels, and that each error code has a case."""

import ast

import pytest

from tests.contract import labels
from tests.contract.codes import compared_codes


def test_the_page_is_current() -> None:
    assert labels.PAGE.read_text("utf-8") == labels.page(), "run: python -m tests.contract.labels"


def test_every_error_code_is_provoked_or_has_a_reason() -> None:
    assert labels.unprovoked() == set(labels.UNPROVOKED)


LOOP = 'TABLE = {"a": ("x", {"busy": 1}, "exists")}\nfor name, (path, args, code) in TABLE.items():\n    assert '
COUNTED: dict[str, set[str]] = {
    'assert worker.ask("apply", {"steps": "exists"}).code == "missing"': {"missing"},
    'assert worker.refusal(step("exists"), [b"x"]) in {"busy", "missing"}': {"busy", "missing"},
    'assert service.fails(service.stop())["code"] == "busy"': {"busy"},
    'assert (first["error"]["code"], reason) == ("busy", "locked")': {"busy", "locked"},
    LOOP + "ask(path).code == code": {"exists"},
    LOOP + "path == name": set(),
    'state = "busy"': set(),
    'assert fact["state"] == "busy"': set(),
    'assert "busy" not in names': set(),
}


@pytest.mark.parametrize("source", COUNTED)
def test_only_what_is_compared_with_a_code_counts(source: str) -> None:
    assert compared_codes(ast.parse(source)) == COUNTED[source]
