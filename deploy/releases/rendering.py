"""A service's revision on one host: artifact, rendered configuration, runtime, definition."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy.model.catalogue import Catalogue, Service, Template
from deploy.model.host import Host
from deploy.model.problem import Problem, Refused, UsageError
from deploy.model.release import Artifact
from deploy.model.revision import Revision
from deploy.releases.definition import definition_of, secret_path
from deploy.releases.formats import has_format, parse, schema_fault
from deploy.releases.manifest import sha256
from deploy.releases.names import collisions, member_fault, too_long
from deploy.releases.templates import Templates

_SECRET_KEY = re.compile(r"pass(word|wd|phrase)|secret|token|credential|api_?key|private_?key", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A revision, and the content of its rendered files by relative path."""

    revision: Revision
    contents: dict[str, bytes] = field(repr=False)


def render_service(
    catalogue: Catalogue,
    slug: str,
    host: Host,
    environment: str,
    templates: Templates,
    artifact: Artifact,
    settings: Mapping[str, Any],
) -> Rendered:
    """The revision that the service has on this host; raises UsageError or Refused with the place. Asks nobody.

    `settings` are the host's values for templates.
    """
    service = catalogue.service[slug]
    where = f"service {slug} on {host.name}"
    _check_runtime(service, artifact, where)
    context = rendering_context(catalogue, slug, host, environment, settings)
    contents = {item.target: _render(item, templates, context, where) for item in service.templates}
    _check_targets(artifact, contents, where)
    config = {name: sha256(content) for name, content in sorted(contents.items())}
    revision = Revision(
        service=service.name,
        version=artifact.version,
        artifact=artifact.name,
        artifact_sha256=artifact.sha256,
        commit=artifact.commit,
        entry=artifact.entry,
        build=artifact.build,
        files=dict(sorted({**artifact.files, **config}.items())),
        config=config,
        templates_sha256=templates.digest(tuple(item.source for item in service.templates)),
        runtime=service.runtime,
        runtime_version=service.runtime_version,
        state_schema=artifact.state_schema,
        reversible=artifact.reversible,
        definition=definition_of(catalogue, slug, host, artifact),
    )
    _check_paths(revision, catalogue.root, where)
    return Rendered(revision, contents)


def rendering_context(
    catalogue: Catalogue, slug: str, host: Host, environment: str, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """What a template may name. No secret's value is in it: only where the service finds them."""
    service = catalogue.service[slug]
    return {
        "service": service,
        "slug": slug,
        "host": {"name": host.name, "address": host.address, "groups": list(host.groups)},
        "environment": environment,
        "port": service.port,
        "address": host.address,
        "root": catalogue.root,
        "secrets": {name: secret_path(catalogue.root, service.name, name) for name in service.secrets},
        "settings": _public(settings),
    }


def _public(data: Mapping[str, Any]) -> dict[str, Any]:
    """Settings without what may be secret, and without values that aren't plain data."""
    return {
        key: _plain(value)
        for key, value in data.items()
        if isinstance(key, str) and not _SECRET_KEY.search(key) and _is_plain(value)
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _public(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value if _is_plain(item)]
    return value


def _is_plain(value: Any) -> bool:
    return value is None or type(value) in {str, int, float, bool} or isinstance(value, Mapping | list | tuple)


def _render(item: Template, templates: Templates, context: Mapping[str, Any], where: str) -> bytes:
    text = templates.render(item.source, context)
    place = f"templates/{item.source} ({where})"
    try:
        value = parse(item.target, text)
    except ValueError as exc:
        raise UsageError(
            Problem(
                "bad-config",
                place,
                f"{item.target} is not well formed: {exc}",
                "text that its program can read",
                "mend the template, or the data it names",
            )
        ) from exc
    if item.schema_ is not None:
        _check_schema(item, item.schema_, templates, value, place)
    return text.encode()


def _check_schema(item: Template, schema: str, templates: Templates, value: Any, place: str) -> None:
    if not has_format(item.target) or value is None:
        raise UsageError(
            Problem(
                "bad-config",
                place,
                f"{item.target} has a schema, but no value that one can check",
                "JSON, YAML, TOML or INI",
                "remove the schema from the catalogue",
            )
        )
    try:
        fault = schema_fault(value, templates.json(schema))
    except ValueError as exc:
        raise UsageError(Problem("bad-schema", f"templates/{schema}", str(exc), "a JSON Schema", "mend it")) from exc
    if fault:
        path, what = fault
        raise UsageError(
            Problem(
                "bad-config",
                f"{place}: {item.target} {path}",
                what,
                f"what templates/{schema} demands",
                "mend the template, or the data it names",
            )
        )


def _check_runtime(service: Service, artifact: Artifact, where: str) -> None:
    """The catalogue chooses the exact version; it must fit what the artifact was built for."""
    if artifact.runtime is None:
        return
    version = f"{service.runtime_version}."
    fits = artifact.runtime_version is None or version.startswith(f"{artifact.runtime_version}.")
    if artifact.runtime != service.runtime or not fits:
        needed = " ".join(filter(None, (artifact.runtime, artifact.runtime_version)))
        raise Refused(
            Problem(
                "runtime-mismatch",
                where,
                f"artifact {artifact.name} {artifact.version} needs {needed}",
                f"{service.runtime or 'no runtime'} {service.runtime_version or ''}, as the catalogue has it".strip(),
                "change runtime_version in inventories/system.toml, or build the artifact for it",
            )
        )


def _check_targets(artifact: Artifact, contents: Mapping[str, bytes], where: str) -> None:
    """A template may replace a file of the artifact (its default configuration), never its program."""
    problems = [
        Problem(
            "bad-target", f"{where}: template target {name}", fault, "a relative path of its own", "rename the target"
        )
        for name in contents
        if (fault := member_fault(name) or ("would replace the program" if name == artifact.entry else None))
    ]
    problems += [
        Problem(
            "bad-target", f"{where}: {second}", f"collides with {first!r}", "the same spelling", "rename one of them"
        )
        for first, second in collisions(artifact.files.keys() | contents.keys())
    ]
    if problems:
        raise Refused(*problems)


def _check_paths(revision: Revision, root: str, where: str) -> None:
    folder = revision.folder(root)
    long = [name for name in revision.files if too_long(folder, name)]
    if long:
        raise Refused(
            Problem(
                "path-too-long",
                f"{where}: {long[0]}",
                f"does not fit into {folder}",
                "paths below 260 characters",
                "shorten the root folder or the file names in the artifact",
            )
        )
