"""Settings of an environment, merged from all layers; each value remembers where it came from."""

import contextlib
import secrets
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from deploy.config import layers
from deploy.config.inventory import Inventory, load_inventory
from deploy.config.layers import Layer
from deploy.config.project import Project
from deploy.config.settings import Settings
from deploy.model.problem import Problem, UsageError
from deploy.model.secret import Secret

DEFAULT = "default"
_PATHS = ("winrm_ca_path", "winrm_cert_path", "winrm_cert_key_path", "secrets_path")
_WHAT = {
    "string_pattern_mismatch": "not written as it must be",
    "literal_error": "not one of the choices",
    "value_error": "",
}


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings, and the origin of each by field name: a variable, a file with its key, an option or `default`."""

    settings: Settings
    origins: dict[str, str]
    root: Path
    """The project's folder: relative paths in hosts' data count from it too."""


def load_settings(
    project: Project,
    environment: str,
    options: Mapping[str, Any],
    environ: Mapping[str, str],
    inventory: Inventory | None = None,
) -> LoadedSettings:
    """Reads option > environment > `.env.<env>` > secrets folder > group_data > default.

    Relative paths count from the project's folder. Raises UsageError that names file (or variable) and key, no value.
    """
    ordered = (
        layers.of_options(options),
        layers.of_environment(environ),
        layers.of_env_file(project, environment),
        layers.of_secrets_folder(project, environment),
        layers.of_group_data(inventory or load_inventory(project, environment)),
    )
    values, origins = _merge(ordered)
    problems = [problem for layer in ordered for problem in layer.problems]
    try:
        settings = Settings(**_defaulted(project, environment, values))
    except ValidationError as exc:
        problems += [_problem(error, origins) for error in _errors(exc)]
        raise UsageError(*problems) from None
    if problems:
        raise UsageError(*problems)
    return LoadedSettings(settings, {name: origins.get(name, DEFAULT) for name in Settings.model_fields}, project.root)


def digest_key(
    project: Project, environment: str, settings: Settings, token: Callable[[], str] = lambda: secrets.token_hex(32)
) -> Secret:
    """The key of secrets' digests: the one set, else one that is made now and found by every later load."""
    if settings.secrets_digest_key is not None:
        return settings.secrets_digest_key
    path = layers.settings_folder(project, environment) / "secrets_digest_key"
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written aside and linked: of two controllers at once both find the same, complete key.
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".", encoding="ascii") as aside:
        aside.write(token() + "\n")
        aside.flush()
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(aside.name)
    return Secret(path.read_text("ascii").strip())


def _merge(ordered: tuple[Layer, ...]) -> tuple[dict[str, Any], dict[str, str]]:
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer in reversed(ordered):
        values.update(layer.values)
        origins.update(layer.origins)
    return values, origins


def _defaulted(project: Project, environment: str, values: dict[str, Any]) -> dict[str, Any]:
    filled = {"secrets_path": project.secrets(environment), "store": Settings.model_fields["store"].default, **values}
    for name in _PATHS:
        if isinstance(filled.get(name), str | Path) and str(filled[name]):
            filled[name] = project.root / filled[name]
    store = filled["store"]
    if isinstance(store, str) and store and not store.startswith(("http://", "https://")):
        filled["store"] = str(project.root / store)
    return filled


def _errors(exc: ValidationError) -> list[ErrorDetails]:
    """Without those that only say that a default couldn't be worked out because another field is wrong."""
    errors = exc.errors(include_input=False, include_url=False)
    return [error for error in errors if error["type"] != "default_factory_not_called"]


def _problem(error: ErrorDetails, origins: dict[str, str]) -> Problem:
    """pydantic's error with the place of the value instead of the value."""
    message = _WHAT.get(error["type"], error["msg"]) or str(error["ctx"]["error"])
    if not error["loc"]:  # a combination: the validator's message begins with the field
        name, _, message = message.partition(": ")
    else:
        name = str(error["loc"][0])
    described = Settings.model_fields[name]
    expected = error.get("ctx", {}).get("expected") or (described.description or "")
    where = origins.get(name, f"{DEFAULT}: {name}")
    return Problem("bad-setting", where, message, str(expected).strip("."), "correct it there; see docs/settings.md")
