"""release.build, release.list, release.promote, release.runtime."""

import getpass
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.cli.command import required
from deploy.cli.output import Output
from deploy.config.catalogue import load_catalogue
from deploy.config.loading import load_settings
from deploy.config.project import Project
from deploy.model.problem import Problem, Refused, UsageError
from deploy.model.run import Exit
from deploy.releases.archive import sha256_of
from deploy.releases.build import Built, build_release
from deploy.releases.promotion import ORDER, attested_good, promotion_problem
from deploy.releases.store import Store, open_store

_BUILD = "invoke release.build --version 1.4.2 --source dist"
_RUNTIME = "invoke release.runtime --archive dotnet-8.0.30-win-x64.zip"
_PROMOTE = "invoke release.promote --env staging --release 1.4.2"


def release_build(
    project: Project, version: str | None, source: str | None, base: str | None, commit: str | None, output: Output
) -> Exit:
    """Packs `source` (one folder per artifact) into the store as release `version`."""
    wanted = required("version", version, (), _BUILD)
    folder = project.root / required("source", source, (), _BUILD)
    store = environment_store(project, first_environment(project))
    built = build_release(store, folder, wanted, commit or _git_commit(folder), _now(), base)
    for line in _described(built, store):
        output.text(line)
    output.document({"schema": "release.build/1", "env": None, "new": built.new, **_built_json(built)})
    return Exit.OK


def release_list(project: Project, output: Output) -> Exit:
    """All releases of the store, with where they were promoted and seen good."""
    store = environment_store(project, first_environment(project))
    environments = environments_in_order(project)
    promoted = {environment: store.promoted(environment) for environment in environments}
    attested = {environment: store.attested(environment) for environment in environments}
    rows = [
        {
            "name": release.name,
            "artifacts": [
                {"name": item.name, "version": item.version, "sha256": item.sha256}
                for item in release.artifacts.values()
            ],
            "built_at": release.built_at,
            "promoted": [name for name in environments if promoted[name] == release.name],
            "attested": [name for name in environments if attested_good(release.name, attested[name])],
        }
        for release in store.releases()
    ]
    for row in rows:
        output.text(_row_text(row))
    if not rows:
        output.text(f"No release in {store.location}. Build one: {_BUILD}")
    output.document({"schema": "release.list/1", "env": None, "releases": rows})
    return Exit.OK


def release_promote(project: Project, release: str | None, environment: str | None, output: Output) -> Exit:
    """Makes `release` what a deploy to `environment` means; raises Refused when it was not attested before."""
    environments = environments_in_order(project)
    target = required("env", environment, environments, _PROMOTE)
    store = environment_store(project, target)
    wanted = store.release(required("release", release, store.release_names(), _PROMOTE)).name
    problem = promotion_problem(wanted, target, {name: store.attested(name) for name in environments}, environments)
    if problem:
        raise Refused(problem)
    before = store.promoted(target)
    if before != wanted:
        store.promote(wanted, target, getpass.getuser(), _now())
    output.text(
        f"{wanted} is already promoted to {target}."
        if before == wanted
        else f"{target}: {before or 'nothing'} → {wanted}"
    )
    output.document(
        {
            "schema": "release.promote/1",
            "env": target,
            "release": wanted,
            "previous": before,
            "changed": before != wanted,
        }
    )
    return Exit.OK


def release_runtime(project: Project, archive: str | None, output: Output) -> Exit:
    """Puts a runtime's zip, named as the catalogue names it, into the store; raises UsageError for an unknown one."""
    path = project.root / required("archive", archive, (), _RUNTIME)
    catalogue = load_catalogue(project)
    known = {item.archive: item for item in catalogue.runtime}
    runtime = known.get(path.name)
    if runtime is None or not path.is_file():
        what = "is no file" if runtime else "is the archive of no runtime in inventories/system.toml"
        raise UsageError(Problem("unknown-runtime", str(path), what, f"one of {', '.join(known)}", _RUNTIME))
    if runtime.sha256 and sha256_of(path) != runtime.sha256:
        raise Refused(
            Problem(
                "runtime-differs", str(path), "has another SHA-256", runtime.sha256, "fetch it again from its maker"
            )
        )
    store = environment_store(project, first_environment(project))
    added = store.add_runtime(path, runtime.name, runtime.version)
    output.text(f"Runtime {runtime.name} {runtime.version}: {added.sha256} ({store.location})")
    output.document(
        {
            "schema": "release.runtime/1",
            "env": None,
            "name": runtime.name,
            "version": runtime.version,
            "sha256": added.sha256,
            "size": added.size,
        }
    )
    return Exit.OK


def environment_store(project: Project, environment: str) -> Store:
    """The store that the environment's settings name; downloads are kept under `.deploy/cache`."""
    settings = load_settings(project, environment, {}, os.environ).settings
    return open_store(settings.store, project.state / "cache" / "store", settings.store_token)


def environments_in_order(project: Project) -> tuple[str, ...]:
    """The project's environments in the order of promotion; those that it doesn't know can't be promoted to."""
    there = project.environments()
    return tuple(name for name in ORDER if name in there)


def first_environment(project: Project) -> str:
    """The environment whose settings name the store of commands that know no environment."""
    return (*environments_in_order(project), *project.environments(), ORDER[0])[0]


def _built_json(built: Built) -> dict[str, Any]:
    return {
        "release": built.release.name,
        "built_at": built.release.built_at,
        "base": built.release.base,
        "artifacts": [
            {
                "name": item.name,
                "version": item.version,
                "sha256": item.sha256,
                "build": item.build,
                "how": built.how[name],
            }
            for name, item in built.release.artifacts.items()
        ],
    }


def _described(built: Built, store: Store) -> list[str]:
    lines = [
        f"  {item.name:<24} {item.version:<14} {item.sha256[:12]}  {built.how[name]}"
        for name, item in built.release.artifacts.items()
    ]
    state = "built" if built.new else "is there already, unchanged"
    return [f"Release {built.release.name} {state} ({store.location})", *lines]


def _row_text(row: dict[str, Any]) -> str:
    versions = ", ".join(f"{item['name']} {item['version']}" for item in row["artifacts"])
    marks = [f"promoted to {', '.join(row['promoted'])}"] if row["promoted"] else []
    marks += [f"attested in {', '.join(row['attested'])}"] if row["attested"] else []
    return f"{row['name']:<14} {row['built_at']:<21} {versions}" + "".join(f"\n{'':<14} {mark}" for mark in marks)


def _git_commit(folder: Path) -> str:
    """The commit that the source lies in, or "" outside of git."""
    try:
        answer = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607  # whatever git the user has
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return answer.stdout.strip()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
