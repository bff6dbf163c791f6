"""Where settings come from: layers, strongest first, each with the place of every value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from deploy.config.inventory import Inventory
from deploy.config.project import Project
from deploy.config.settings import Settings
from deploy.config.suggest import did_you_mean, nearest
from deploy.model.problem import Problem

PREFIX = "DEPLOY_"
FIELDS = frozenset(Settings.model_fields)
_OTHERS = ("PROJECT", "SANDBOX_", "TEST_")
"""How our variables begin that are no settings."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Values by setting, their origins as messages show them, and what is wrong with the layer's names."""

    values: dict[str, Any] = field(repr=False)
    origins: dict[str, str]
    problems: tuple[Problem, ...] = ()


def of_options(options: Mapping[str, Any]) -> Layer:
    """What the command line said; None is not said."""
    values = {name: value for name, value in options.items() if value is not None}
    problems = _unknown("option", values, FIELDS)
    return Layer(_known(values), {name: f"option --{name.replace('_', '-')}" for name in _known(values)}, problems)


def of_environment(environ: Mapping[str, str]) -> Layer:
    """`DEPLOY_*` variables. Unknown ones are refused only when they look like a slip: others may use the prefix."""
    named = {key.removeprefix(PREFIX): value for key, value in environ.items() if key.startswith(PREFIX) and value}
    values = {key.lower(): value for key, value in named.items()}
    strangers = [key for key in named if key.lower() not in FIELDS and not key.startswith(_OTHERS)]
    variables = {PREFIX + name.upper() for name in FIELDS}
    problems = tuple(
        _not_a_setting(f"environment: {PREFIX}{key}", PREFIX + key, variables)
        for key in strangers
        if nearest(key, FIELDS)
    )
    return Layer(_known(values), {name: f"environment: {PREFIX}{name.upper()}" for name in _known(values)}, problems)


def of_env_file(project: Project, environment: str) -> Layer:
    """`.env.<env>` in the project's folder; taken as written, `$` included."""
    path = project.root / f".env.{environment}"
    if not path.is_file():
        return Layer({}, {})
    written = {key: value for key, value in dotenv_values(path, interpolate=False).items() if value}
    values = {key.removeprefix(PREFIX).lower(): value for key, value in written.items() if key.startswith(PREFIX)}
    variables = {PREFIX + name.upper() for name in FIELDS}
    problems = tuple(
        _not_a_setting(f".env.{environment}: {key}", key, variables) for key in written if key not in variables
    )
    return Layer(
        _known(values), {name: f".env.{environment}: {PREFIX}{name.upper()}" for name in _known(values)}, problems
    )


def of_secrets_folder(project: Project, environment: str) -> Layer:
    """A file for each setting in `.deploy/secrets/<env>/settings/`; the line end after the value doesn't count."""
    folder = settings_folder(project, environment)
    files = [path for path in sorted(folder.iterdir()) if path.is_file()] if folder.is_dir() else []
    texts = {path.name: path.read_text("utf-8").rstrip("\r\n") for path in files if not path.name.startswith(".")}
    origins = {name: project.shown(folder / name) for name in _known(texts)}
    return Layer(_known(texts), origins, _unknown(project.shown(folder), texts, FIELDS))


def of_group_data(inventory: Inventory) -> Layer:
    """What the inventory says for the whole environment; names that aren't settings are the templates' business."""
    values = {name: value for name, value in _known(inventory.data).items() if value is not None}
    return Layer(values, {name: f"{inventory.origins[name]}: {name}" for name in values})


def settings_folder(project: Project, environment: str) -> Path:
    """Folder with a file for each secret setting."""
    return project.secrets(environment) / "settings"


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in FIELDS}


def _unknown(where: str, values: Mapping[str, Any], known: frozenset[str]) -> tuple[Problem, ...]:
    return tuple(_not_a_setting(f"{where}: {name}", name, known) for name in values if name not in known)


def _not_a_setting(where: str, name: str, known: frozenset[str] | set[str]) -> Problem:
    return Problem(
        "unknown-setting", where, "no such setting", "a setting of docs/settings.md", did_you_mean(name, known)
    )
