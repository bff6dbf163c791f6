"""Whether rendered text is well formed for its extension, and obeys its schema. The text itself is never quoted."""

import configparser
import json
import tomllib
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any
from xml.parsers import expat

import yaml
from jsonschema.exceptions import SchemaError, best_match
from jsonschema.validators import validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable


def parse(name: str, text: str) -> Any:
    """The text's value by the extension of `name`; raises ValueError with the place. Other extensions: None."""
    parser = _PARSERS.get(PurePosixPath(name).suffix.lower())
    return parser(text) if parser else None


def has_format(name: str) -> bool:
    """Whether `parse` knows the extension."""
    return PurePosixPath(name).suffix.lower() in _PARSERS


def schema_fault(value: Any, schema: Any) -> tuple[str, str] | None:
    """Where (a JSON path) and how `value` breaks the JSON Schema, or None; raises ValueError for a wrong schema."""
    kind = validator_for(schema)
    try:
        kind.check_schema(schema)
        # An empty registry: a schema that refers to an address must not reach for the network.
        error = best_match(kind(schema, registry=Registry()).iter_errors(value))
    except SchemaError as exc:
        raise ValueError(f"no JSON Schema at {exc.json_path}: {exc.message}") from exc
    except Unresolvable as exc:
        raise ValueError(f"refers to what it does not hold: {exc.ref}") from exc
    return None if error is None else (error.json_path, error.message)


def _json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except json.JSONDecodeError as exc:
        raise ValueError(f"line {exc.lineno}: {exc.msg}") from exc


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"key {next(key for key in keys if keys.count(key) > 1)!r} is there twice")
    return value


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def _yaml(text: str) -> Any:
    try:
        documents = list(yaml.safe_load_all(text))
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        raise ValueError(f"line {line}: {exc.problem}") from exc
    except yaml.YAMLError as exc:
        raise ValueError("not YAML") from exc
    return documents[0] if len(documents) == 1 else documents


def _toml(text: str) -> Any:
    return tomllib.loads(text)


def _ini(text: str) -> Any:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    try:
        parser.read_string(text, "it")
    except configparser.Error as exc:
        line = getattr(exc, "lineno", None)
        raise ValueError(f"line {line}: {type(exc).__name__}" if line else type(exc).__name__) from exc
    return {section: dict(parser[section]) for section in parser.sections()}


def _xml(text: str) -> Any:
    try:
        expat.ParserCreate().Parse(text.encode(), True)
    except expat.ExpatError as exc:
        raise ValueError(f"line {exc.lineno}: {expat.ErrorString(exc.code)}") from exc


_PARSERS: dict[str, Callable[[str], Any]] = {
    ".json": _json,
    ".yaml": _yaml,
    ".yml": _yaml,
    ".toml": _toml,
    ".ini": _ini,
    ".cfg": _ini,
    ".xml": _xml,
    ".config": _xml,
}
