"""What a host should run: the input of a plan, complete before any host is asked."""

from dataclasses import dataclass, field
from pathlib import Path

from deploy.model.host import Host
from deploy.model.revision import Revision
from deploy.model.secret import Secret


@dataclass(frozen=True, slots=True)
class Archive:
    """A zip of the store: pulled by the host from `url` where there is one, else pushed from `path`.

    `files` maps relative paths to SHA-256 (lower hex); `size` is in bytes; `url` carries no secret.
    """

    sha256: str
    size: int
    files: dict[str, str] = field(repr=False)
    url: str | None = None
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class DesiredRuntime:
    """A runtime folder: `<root>\\runtimes\\<name>\\<version>`. `archive` None: it must be on the host already."""

    name: str
    version: str
    archive: Archive | None


@dataclass(frozen=True, slots=True)
class DesiredSecret:
    """A secret's planned value and its keyed digest, which may be shown."""

    name: str
    digest: str
    value: Secret


@dataclass(frozen=True, slots=True)
class DesiredService:
    """A service at one revision.

    `slug` is its key in the catalogue; `contents` are the rendered files by relative path. `archive` None: the revision
    must be on the host already (a rollback).
    """

    slug: str
    revision: Revision
    contents: dict[str, bytes] = field(default_factory=dict, repr=False)
    archive: Archive | None = None
    secrets: tuple[DesiredSecret, ...] = ()


@dataclass(frozen=True, slots=True)
class DesiredHost:
    """Everything that one host should run."""

    host: Host
    services: tuple[DesiredService, ...]
    runtimes: tuple[DesiredRuntime, ...] = ()
