"""Secrets of services, read from files: `<secrets_path>/<service name>/<secret name>`."""

from collections.abc import Iterable
from pathlib import Path

from deploy.config.settings import Settings
from deploy.model.catalogue import Catalogue
from deploy.model.problem import Problem, UsageError
from deploy.model.secret import Secret


def load_secrets(settings: Settings, catalogue: Catalogue, slugs: Iterable[str]) -> dict[tuple[str, str], Secret]:
    """(service name, secret name) → value, without the line end. Raises UsageError for all that are missing."""
    assert settings.secrets_path is not None, "load_settings fills it in"
    wanted = [(catalogue.service[slug].name, secret) for slug in slugs for secret in catalogue.service[slug].secrets]
    found: dict[tuple[str, str], Secret] = {}
    problems = []
    for service, secret in wanted:
        path = settings.secrets_path / service / secret
        value = _read(path)
        if isinstance(value, Secret):
            found[service, secret] = value
        else:
            problems.append(_problem(path, value))
    if problems:
        raise UsageError(*problems)
    return found


def _read(path: Path) -> Secret | str:
    """The value, or why there is none."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return "no such file"
    except UnicodeDecodeError:
        return "not UTF-8"
    except OSError as exc:
        return f"can't be read ({exc.strerror})"
    text = text.removesuffix("\n").removesuffix("\r")
    return Secret(text) if text else "empty"


def _problem(path: Path, what: str) -> Problem:
    return Problem(
        "missing-secret",
        str(path),
        what,
        "a file that holds the secret and nothing else",
        "write it, readable by you only",
    )
