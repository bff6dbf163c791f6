"""The store: artifacts, releases, runtimes, promotions and attestations, in a directory or behind HTTP(S)."""

import difflib
from dataclasses import replace
from pathlib import Path

from deploy.model.problem import Problem, Refused
from deploy.model.release import Artifact, Release
from deploy.model.secret import Secret
from deploy.releases.archive import check_packed, read_packed
from deploy.releases.files import DirectoryFiles
from deploy.releases.http import HttpFiles
from deploy.releases.manifest import (
    artifact_bytes,
    damaged,
    read_artifact,
    read_release,
    release_bytes,
    sha256,
)
from deploy.releases.records import Records
from deploy.releases.runtimes import Runtimes
from deploy.releases.stored import SAFE_NAME, exists_already, url_below


class Store(Runtimes, Records):
    """One store over Files. Everything read is checked against the digests that name it; raises Refused otherwise.

    Artifacts, releases and runtimes are immutable. Not for several threads.
    """

    # -- releases

    def release_names(self) -> tuple[str, ...]:
        """Names of all releases, by version."""
        return tuple(sorted((Path(name).stem for name in self._files.names("releases")), key=version_key))

    def releases(self) -> tuple[Release, ...]:
        """All releases, by time of building."""
        found = [self.release(name) for name in self.release_names()]
        return tuple(sorted(found, key=lambda item: (item.built_at, version_key(item.name))))

    def newest(self) -> Release | None:
        """The one that was built last."""
        return next(iter(reversed(self.releases())), None)

    def release(self, name: str) -> Release:
        """A release with its artifacts' manifests; raises Refused with a suggestion for an unknown one."""
        where = f"releases/{name}.json"
        content = self._files.read(where) if SAFE_NAME.fullmatch(name) else None
        if content is None:
            raise Refused(self._unknown(name))
        value = read_release(content, self._place(where))
        try:
            artifacts = {key: self._pinned(key, pin) for key, pin in value.pop("artifacts").items()}
            found = Release(**value, artifacts=artifacts)
        except (KeyError, TypeError, AttributeError) as exc:
            raise Refused(damaged(self._place(where), "is not a release")) from exc
        if found.name != name:
            raise Refused(damaged(self._place(where), f"names itself {found.name!r}"))
        return found

    def publish_release(self, release: Release) -> bool:
        """Adds a release; False when the same is there already. Raises Refused for one with other content."""
        where = f"releases/{release.name}.json"
        if self._files.read(where) is None:
            try:
                self._files.write(where, release_bytes(release), new=True)
            except FileExistsError:
                pass
            else:
                return True
        present = self.release(release.name)
        if (present.artifacts, present.containers) != (release.artifacts, release.containers):
            raise Refused(exists_already(f"release {release.name}", _differing(present, release)))
        return False

    # -- artifacts

    def artifact(self, name: str, version: str) -> Artifact | None:
        """A stored artifact's manifest, or None."""
        where = _artifact_file(name, version, "json")
        content = self._files.read(where)
        return None if content is None else read_artifact(content, self._place(where))

    def publish_artifact(self, artifact: Artifact, path: Path) -> Artifact:
        """Adds an artifact; gives the stored one if it has the same content. Raises Refused if it has other content.

        Its commit and the zip's own bytes don't count as content: another zlib may compress the same files otherwise.
        """
        where = f"artifact {artifact.name} {artifact.version}"
        present = self.artifact(artifact.name, artifact.version)
        if present is None:
            check_packed(read_packed(path, where), artifact.files, where)
            # The manifest comes last: an artifact without one does not exist, and its zip may be replaced.
            self._files.write(_artifact_file(artifact.name, artifact.version, "zip"), path, new=False)
            try:
                self._files.write(
                    _artifact_file(artifact.name, artifact.version, "json"), artifact_bytes(artifact), new=True
                )
            except FileExistsError:
                present = self.artifact(artifact.name, artifact.version)
            else:
                return artifact
        if present is None or _content(present) != _content(artifact):
            changed = () if present is None else _changed_files(present, artifact)
            raise Refused(exists_already(where, changed))
        self.artifact_path(present)
        return present

    def artifact_path(self, artifact: Artifact) -> Path:
        """The zip as a local file, verified; a store behind HTTP downloads it into its cache."""
        return self._files.fetch(_artifact_file(artifact.name, artifact.version, "zip"), artifact.sha256)

    # -- parts

    def _pinned(self, name: str, pin: dict[str, str]) -> Artifact:
        where = _artifact_file(name, pin["version"], "json")
        content = self._files.read(where)
        if content is None:
            raise Refused(damaged(self._place(where), "is missing"))
        if sha256(content) != pin["manifest_sha256"]:
            raise Refused(damaged(self._place(where), "was changed"))
        return read_artifact(content, self._place(where))

    def _unknown(self, name: str) -> Problem:
        names = self.release_names()
        near = difflib.get_close_matches(name, names, 1)
        known = f"one of {', '.join(names[-5:])}" if names else "a release that was built"
        hint = f"did you mean {near[0]}? " if near else ""
        return Problem(
            "unknown-release",
            f"store {self.location}",
            f"holds no release {name!r}",
            known,
            f"{hint}invoke release.list",
        )


class DirectoryStore(Store):
    """A store in a folder, which a plain web server may serve to others."""

    def __init__(self, root: Path) -> None:
        super().__init__(DirectoryFiles(root))


class HttpStore(Store):
    """A store behind HTTP(S); downloads are kept in `cache`. Read-only unless the server takes PUT."""

    def __init__(self, url: str, cache: Path, token: Secret | None = None) -> None:
        super().__init__(HttpFiles(url, cache, token))


def open_store(location: str, cache: Path, token: Secret | None = None) -> Store:
    """The store at a URL or in a folder."""
    if location.startswith(("http://", "https://")):
        return HttpStore(location, cache, token)
    return DirectoryStore(Path(location))


def artifact_url(artifact: Artifact, base_url: str) -> str:
    """Where a host pulls the zip from; holds no secret."""
    return url_below(base_url, _artifact_file(artifact.name, artifact.version, "zip"))


def version_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Orders versions as people do: 1.4.10 after 1.4.9, 1.5.0-rc.1 before 1.5.0."""
    numbers, dash, rest = name.partition("-")
    parts = [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in numbers.split(".")]
    tail = [(-1, int(part) if part.isdigit() else 0, part) for part in rest.split(".")] if dash else []
    return (*parts, *tail, (0, 0, ""))


def _artifact_file(name: str, version: str, suffix: str) -> str:
    if not (SAFE_NAME.fullmatch(name) and SAFE_NAME.fullmatch(version)):
        raise Refused(damaged(f"artifact {name} {version}", "has no name that a store could hold"))
    return f"artifacts/{name}/{version}.{suffix}"


def _content(artifact: Artifact) -> Artifact:
    return replace(artifact, commit="", sha256="", size=0)


def _changed_files(present: Artifact, wanted: Artifact) -> tuple[str, ...]:
    names = sorted(present.files.keys() | wanted.files.keys())
    return tuple(name for name in names if present.files.get(name) != wanted.files.get(name)) or ("artifact.toml",)


def _differing(present: Release, wanted: Release) -> tuple[str, ...]:
    names = sorted(present.artifacts.keys() | wanted.artifacts.keys())
    return tuple(name for name in names if present.artifacts.get(name) != wanted.artifacts.get(name))
