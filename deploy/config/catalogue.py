"""Reads system.toml: every mistake in it is told at once, with its key and what to write instead."""

import json
import re
import tomllib
from datetime import date, datetime, time
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from deploy.config.project import Project
from deploy.config.rules import RULES
from deploy.config.schema import Location, in_words, keys_of, schema_of
from deploy.config.suggest import did_you_mean
from deploy.config.surroundings import Surroundings
from deploy.model.catalogue import Catalogue
from deploy.model.problem import Problem, UsageError

_AT_LINE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def load_catalogue(project: Project) -> Catalogue:
    """The catalogue of all environments (see `Catalogue.for_environment`); raises UsageError with all problems."""
    where = project.shown(project.catalogue)
    catalogue = parse_catalogue(_toml(project, where), where)
    surroundings = Surroundings(where, project.environments(), project.templates)
    problems = [problem for rule in RULES for problem in rule(catalogue, surroundings)]
    if problems:
        raise UsageError(*problems)
    return catalogue


def parse_catalogue(value: dict[str, Any], where: str) -> Catalogue:
    """A parsed TOML document as the model. Strict: `port = "5055"` is a mistake, not a port."""
    try:
        return Catalogue.model_validate_json(json.dumps(value, default=_as_text), strict=True)
    except ValidationError as exc:
        errors = exc.errors(include_input=False, include_url=False)
        raise UsageError(*(_problem(where, error) for error in errors)) from None


def _toml(project: Project, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(project.catalogue.read_text("utf-8"))
    except FileNotFoundError:
        problem = Problem("no-catalogue", where, "no such file", "the catalogue", "write it; see docs/catalogue.md")
    except UnicodeDecodeError as exc:
        problem = Problem("bad-toml", where, f"byte {exc.start} is not UTF-8", "UTF-8", "save it as UTF-8")
    except tomllib.TOMLDecodeError as exc:
        match = _AT_LINE.search(str(exc))
        line = match.group(1) if match and match.group(1) else "end"
        text = _AT_LINE.sub("", str(exc))
        problem = Problem("bad-toml", f"{where}:{line}", text, "TOML", "correct the syntax there")
    raise UsageError(problem)


def _as_text(value: object) -> str:
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    raise TypeError(f"not a TOML value: {type(value).__name__}")


def _problem(where: str, error: ErrorDetails) -> Problem:
    location = tuple(part for part in error["loc"] if part != "[key]")
    key = dotted(location)
    described = "see docs/catalogue.md"
    if error["type"] == "extra_forbidden":
        known = keys_of(schema_of(Catalogue, location[:-1]))
        suggestion = did_you_mean(str(location[-1]), known)
        return Problem("unknown-key", f"{where}: {key}", "no such key", f"a key of {dotted(location[:-1])}", suggestion)
    node = schema_of(Catalogue, location)
    if error["type"] == "missing":
        return Problem("missing-key", f"{where}: {key}", "it must be given", in_words(node), f"add it; {described}")
    if error["loc"][-1:] == ("[key]",):
        expected = "a short name: lower-case letters, digits and hyphens"
        return Problem("bad-key", f"{where}: {key}", "not a name that can be used here", expected, "rename it")
    return Problem("bad-value", f"{where}: {key}", _lowered(error["msg"]), in_words(node), f"correct it; {described}")


def dotted(location: Location) -> str:
    """The place as TOML writes it: `service.order-manager.templates[0].source`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.lstrip(".") or "the top level"


def _lowered(message: str) -> str:
    return message[:1].lower() + message[1:]
