"""Artifacts and releases: what was built, and what belongs together."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class StateSchema:
    """Version of the state that a service writes, and those that it can read; 0: it keeps none."""

    writes: int = 0
    reads: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class Artifact:
    """One service at one version: a zip, and the manifest that describes every file in it.

    Digests are SHA-256 in lower hex, sizes bytes; paths use forward slashes. `build` is the entry point's digest.
    """

    name: str
    version: str
    commit: str
    entry: str
    build: str
    files: dict[str, str]
    sha256: str
    size: int
    runtime: str | None = None
    runtime_version: str | None = None
    state_schema: StateSchema = StateSchema()
    reversible: bool = True


@dataclass(frozen=True, slots=True)
class Release:
    """An immutable set of artifacts, by artifact name. `containers` maps a service to an image (a later issue).

    `built_at` is UTC, ISO 8601; `base` is the release whose artifacts it kept where it had none of its own.
    """

    name: str
    artifacts: dict[str, Artifact]
    containers: dict[str, str] = field(default_factory=dict)
    built_at: str = ""
    base: str | None = None
