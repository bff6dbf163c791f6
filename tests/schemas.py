"""Validates the toolkit's JSON documents against docs/schemas, by the name that each carries in `schema`."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

FOLDER = Path(__file__).parents[1] / "docs" / "schemas"
OTHERS = frozenset({"catalogue"})
"""Schemas of files, not of documents that a command prints."""


def validate(document: dict[str, Any]) -> None:
    """Raises AssertionError that names every place where the document differs from its schema."""
    name = str(document.get("schema", ""))
    found = [f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(document)]
    assert not found, f"{name}:\n" + "\n".join(found)


@cache
def validator(name: str) -> Draft202012Validator:
    """The validator for `plan/1` and the like; AssertionError for a name without a published schema."""
    path = FOLDER / f"{name.partition('/')[0]}.schema.json"
    assert path.is_file(), f"no schema {path.name} is published for {name!r}"
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
