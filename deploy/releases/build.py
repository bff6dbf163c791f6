"""Builds a release: packs each artifact's folder, puts it into the store, and names them all."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from deploy.model.problem import Problem, Refused
from deploy.model.release import Artifact, Release, StateSchema
from deploy.releases.archive import pack
from deploy.releases.source import Source, check_version, read_sources
from deploy.releases.store import Store

How = Literal["built", "reused", "kept"]
"""Packed anew; the store had the same content at the same version; taken over from the base."""


@dataclass(frozen=True, slots=True)
class Built:
    """The release, how it came by each artifact, and whether the store has it only now."""

    release: Release
    how: dict[str, How]
    new: bool


def build_release(
    store: Store, source: Path, version: str, commit: str, built_at: str, base: str | None = None
) -> Built:
    """Packs `source` into `store` as release `version`; artifacts that it lacks are those of release `base`.

    `built_at` is UTC, ISO 8601, and no part of any zip. Raises UsageError for a wrong name or artifact.toml, Refused
    for anything that can't be packed, is damaged, or exists with other content. All is packed before the store changes.
    """
    check_version(version, "--version")
    kept = dict(store.release(base).artifacts) if base else {}
    sources = read_sources(source, version)
    if not sources and not kept:
        raise Refused(
            Problem("empty-release", str(source), "holds no artifact", "at least one folder", "check --source")
        )
    for artifact in kept.values():
        store.artifact_path(artifact)
    with tempfile.TemporaryDirectory() as folder:
        packed = [pack_artifact(item, commit, Path(folder) / f"{item.name}.zip") for item in sources]
        how: dict[str, How] = dict.fromkeys(kept, "kept")
        artifacts = kept
        for item in packed:
            stored = store.artifact(item.name, item.version)
            artifacts[item.name] = store.publish_artifact(item, Path(folder) / f"{item.name}.zip")
            how[item.name] = "built" if stored is None else "reused"
    release = Release(version, dict(sorted(artifacts.items())), built_at=built_at, base=base)
    new = store.publish_release(release)
    return Built(release if new else store.release(version), how, new)


def pack_artifact(source: Source, commit: str, dest: Path) -> Artifact:
    """Packs one artifact's files into the zip `dest`; gives its manifest."""
    packed = pack(source.files, dest)
    schema = source.description.state_schema
    return Artifact(
        name=source.name,
        version=source.version,
        commit=commit,
        entry=source.description.entry,
        build=packed.files[source.description.entry],
        files=packed.files,
        sha256=packed.sha256,
        size=packed.size,
        runtime=source.description.runtime,
        runtime_version=source.description.runtime_version,
        state_schema=StateSchema(schema.writes, tuple(schema.reads)),
        reversible=source.description.reversible,
    )
