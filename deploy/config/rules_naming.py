"""Rules of a catalogue: whatever it names must exist."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from deploy.config.surroundings import Surroundings, unknown
from deploy.model.catalogue import Catalogue, Template
from deploy.model.problem import Problem

PLACEHOLDERS = ("address", "folder", "port", "root", "runtime")
_PLACEHOLDER = re.compile(r"\{([A-Za-z_]+)\}")


def runtimes(catalogue: Catalogue, around: Surroundings) -> Iterator[Problem]:
    """Every runtime that is asked for is described once; waivers name one of them."""
    described = [(runtime.name, runtime.version) for runtime in catalogue.runtime]
    for index, pair in enumerate(described):
        if pair in described[:index]:
            where = f"{around.where}: runtime[{index}]"
            yield Problem("duplicate-runtime", where, f"{pair[0]} {pair[1]} is there twice", "one entry", "remove one")
    asked = [
        *((f"service.{slug}", item.runtime, item.runtime_version) for slug, item in catalogue.service.items()),
        *((f"waiver[{index}]", item.runtime, item.version) for index, item in enumerate(catalogue.waiver)),
    ]
    for place, name, version in asked:
        problem = _runtime_problem(f"{around.where}: {place}", name, version, described)
        if problem:
            yield problem


def environments(catalogue: Catalogue, around: Surroundings) -> Iterator[Problem]:
    """Every environment that is named has an inventory."""
    named = [
        ("eol_enforced_in", catalogue.eol_enforced_in),
        ("calendar.enforced_in", catalogue.calendar.enforced_in),
        ("environments", tuple(catalogue.environments)),
        *((f"waiver[{index}].environments", waiver.environments) for index, waiver in enumerate(catalogue.waiver)),
        *(
            (f"calendar.freezes[{i}].environments", item.environments)
            for i, item in enumerate(catalogue.calendar.freezes)
        ),
    ]
    for place, values in named:
        for name in values:
            if name not in around.environments:
                yield unknown(f"{around.where}: {place}", "environment", name, around.environments)
    for index, freeze in enumerate(catalogue.calendar.freezes):
        if freeze.end <= freeze.start:
            where = f"{around.where}: calendar.freezes[{index}].end"
            yield Problem("bad-value", where, "it ends before it starts", "an end after the start", "correct it")


def templates(catalogue: Catalogue, around: Surroundings) -> Iterator[Problem]:
    """Sources exist below templates/, targets stay inside the revision's folder and differ."""
    for slug, service in catalogue.service.items():
        targets: set[str] = set()
        for index, template in enumerate(service.templates):
            where = f"{around.where}: service.{slug}.templates[{index}]"
            yield from _template_problems(where, template, around.templates)
            if template.target.lower() in targets:
                yield Problem("duplicate-target", f"{where}.target", "another template writes it", "", "rename one")
            targets.add(template.target.lower())


def fillings(catalogue: Catalogue, around: Surroundings) -> Iterator[Problem]:
    """Placeholders in arguments and environment are those that get filled in."""
    for slug, service in catalogue.service.items():
        texts = [
            *((f"arguments[{index}]", text) for index, text in enumerate(service.arguments)),
            *((f"environment.{key}", text) for key, text in service.environment.items()),
        ]
        for place, text in texts:
            where = f"{around.where}: service.{slug}.{place}"
            for field in _PLACEHOLDER.findall(text):
                if field not in PLACEHOLDERS:
                    yield unknown(where, "placeholder", field, PLACEHOLDERS)
                elif field == "runtime" and service.runtime is None:
                    yield Problem("bad-placeholder", where, "{runtime}, but the service has none", "", "set `runtime`")


def _runtime_problem(
    where: str, name: str | None, version: str | None, described: list[tuple[str, str]]
) -> Problem | None:
    if name is None and version is None:
        return None
    if name is None or version is None:
        return Problem("unknown-runtime", where, "one of runtime and its version without the other", "both", "add it")
    if (name, version) in described:
        return None
    if name in {known for known, _ in described}:
        versions = [known for other, known in described if other == name]
        return unknown(where, f"{name} version", version, versions)
    return unknown(where, "runtime", name, [known for known, _ in described])


def _template_problems(where: str, template: Template, folder: Path) -> Iterator[Problem]:
    for key, name in (("source", template.source), ("schema", template.schema_)):
        if name is None:
            continue
        if not _inside(name):
            yield Problem("bad-path", f"{where}.{key}", f"{name!r} leaves templates/", "a path below it", "correct it")
        elif not (folder / name).is_file():
            known = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
            yield unknown(f"{where}.{key}", "template", name, known)
    if not _inside(template.target):
        yield Problem(
            "bad-path", f"{where}.target", f"{template.target!r} leaves the revision", "config/NAME", "correct it"
        )


def _inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and not set(name) & set('\\:*?"<>|')
