"""Jinja2 over `templates/`: strict, confined to that folder, its sources digested."""

import json
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    Environment,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    meta,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from deploy.model.problem import Problem, UsageError
from deploy.releases.manifest import canonical, sha256

_NOT_REPEATABLE = ("random",)


class _Confined(BaseLoader):
    """Files under one folder; neither `..` nor a link leads out of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    def path(self, name: str) -> Path:
        path = (self.folder / name).resolve()
        if not path.is_relative_to(self.folder) or not path.is_file():
            raise TemplateNotFound(name)
        return path

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        path = self.path(template)
        # Line ends don't count: the same checkout on Windows must give the same digest.
        text = path.read_text("utf-8").replace("\r\n", "\n")
        return text, str(path), lambda: True


class Templates:
    """All templates of a project. One of these serves all hosts of a plan: each source is read once."""

    def __init__(self, folder: Path) -> None:
        self._loader = _Confined(folder)
        self._environment = ImmutableSandboxedEnvironment(
            loader=self._loader,
            undefined=StrictUndefined,
            autoescape=False,  # configuration files, not pages
            keep_trailing_newline=True,
        )
        self._environment.filters["tojson"] = _tojson
        for name in _NOT_REPEATABLE:
            del self._environment.filters[name]
        self._environment.globals.pop("lipsum")
        self._closures: dict[str, dict[str, str]] = {}

    def render(self, name: str, context: Mapping[str, Any]) -> str:
        """The rendered text; raises UsageError with file and line."""
        try:
            return self._environment.get_template(name).render(context)
        except TemplateError as exc:
            raise UsageError(self._problem(name, exc)) from exc
        except UnicodeDecodeError:
            raise UsageError(_wrong(f"templates/{name}", "is not UTF-8")) from None
        except Exception as exc:  # noqa: BLE001  # an expression may fail in any way
            # Only its kind: the message might quote data of the host.
            raise UsageError(_wrong(self._place(name, exc), f"an expression fails: {type(exc).__name__}")) from None

    def json(self, name: str) -> Any:
        """A JSON file under `templates/`, such as a schema; raises UsageError."""
        try:
            return json.loads(self._loader.path(name).read_text("utf-8"))
        except TemplateNotFound as exc:
            raise UsageError(self._problem(name, exc)) from None
        except ValueError as exc:
            raise UsageError(_wrong(f"templates/{name}", f"is not JSON: {exc}")) from exc

    def digest(self, names: tuple[str, ...]) -> str:
        """SHA-256 over the sources of these templates and of all that they include: the same for every host."""
        sources = {key: value for name in names for key, value in self._closure(name).items()}
        return sha256(canonical(sources))

    def _closure(self, name: str) -> dict[str, str]:
        if name not in self._closures:
            found: dict[str, str] = {}
            self._collect(name, found)
            self._closures[name] = found
        return self._closures[name]

    def _collect(self, name: str, found: dict[str, str]) -> None:
        if name in found:
            return
        try:
            source = self._loader.get_source(self._environment, name)[0]
            referenced = list(meta.find_referenced_templates(self._environment.parse(source, name)))
        except TemplateError as exc:
            raise UsageError(self._problem(name, exc)) from exc
        except UnicodeDecodeError:
            raise UsageError(_wrong(f"templates/{name}", "is not UTF-8")) from None
        found[name] = sha256(source.encode())
        for other in referenced:
            if other is None:
                raise UsageError(
                    _wrong(f"templates/{name}", "includes a template whose name is computed", "names written out")
                )
            self._collect(other, found)

    def _problem(self, name: str, exc: TemplateError) -> Problem:
        if isinstance(exc, TemplateNotFound):
            missing = exc.name or name
            where = f"templates/{name}" if missing != name else "inventories/system.toml"
            return _wrong(where, f"there is no template {missing!r}", "a file under templates/")
        if isinstance(exc, TemplateSyntaxError):
            return _wrong(f"templates/{exc.name or name}:{exc.lineno}", exc.message or "is no template")
        return _wrong(
            self._place(name, exc), exc.message or type(exc).__name__, "only names that docs/releases.md lists"
        )

    def _place(self, name: str, exc: BaseException) -> str:
        for frame in reversed(traceback.extract_tb(exc.__traceback__)):
            path = Path(frame.filename)
            if path.is_absolute() and path.is_relative_to(self._loader.folder):
                return f"templates/{path.relative_to(self._loader.folder).as_posix()}:{frame.lineno}"
        return f"templates/{name}"


def _tojson(value: Any) -> str:
    """Jinja's own escapes for HTML; a configuration file wants plain JSON (also a valid YAML and TOML string)."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _wrong(where: str, what: str, expected: str = "a template that renders") -> Problem:
    return Problem("bad-template", where, what, expected, "mend the template, then invoke plan again")
