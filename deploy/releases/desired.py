"""What every host should run under a release: placement, catalogue, artifacts and secrets put together."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from deploy.model.catalogue import Catalogue
from deploy.model.desired import Archive, DesiredHost, DesiredRuntime, DesiredSecret, DesiredService
from deploy.model.host import Host
from deploy.model.problem import Problem, Refused
from deploy.model.release import Artifact, Release
from deploy.model.secret import Secret
from deploy.releases.rendering import render_service
from deploy.releases.store import Store, artifact_url
from deploy.releases.templates import Templates


@dataclass(frozen=True, slots=True)
class Secrets:
    """Values by the service's name and the secret's name, complete; and the key of the digests that plans show."""

    values: Mapping[tuple[str, str], Secret]
    digest_key: Secret


def desired_hosts(
    catalogue: Catalogue,
    placement: Mapping[str, tuple[str, ...]],
    hosts: Iterable[Host],
    environment: str,
    release: Release,
    store: Store,
    templates: Templates,
    secrets: Secrets,
    settings_of: Callable[[Host], Mapping[str, Any]],
    store_for_hosts: str | None = None,
) -> tuple[DesiredHost, ...]:
    """One entry per host, in order, also for hosts that run nothing; services in the order of `placement`.

    `placement` maps a host's name to keys of services, `settings_of` gives a host's values for templates.
    `store_for_hosts` is the URL under which hosts reach the store: with it they pull, without it the controller pushes.
    Raises Refused or UsageError with what is missing or wrong.
    """
    chosen = tuple(hosts)
    placed = {host.name: placement.get(host.name, ()) for host in chosen}
    missing = _missing_artifacts(catalogue, dict.fromkeys(slug for slugs in placed.values() for slug in slugs), release)
    if missing:
        raise Refused(*missing)
    sources = _Sources(store, store_for_hosts, catalogue)
    composer = _Composer(catalogue, environment, release, sources, templates, secrets)
    return tuple(composer.host(host, placed[host.name], settings_of(host)) for host in chosen)


@dataclass(slots=True)
class _Sources:
    """Archives by artifact and runtime, each looked up once for all hosts."""

    store: Store
    base_url: str | None
    catalogue: Catalogue
    artifacts: dict[str, Archive] = field(default_factory=dict)
    runtimes: dict[tuple[str, str], Archive | None] = field(default_factory=dict)

    def artifact(self, artifact: Artifact) -> Archive:
        if artifact.name not in self.artifacts:
            archive = Archive(artifact.sha256, artifact.size, artifact.files)
            self.artifacts[artifact.name] = (
                replace(archive, url=artifact_url(artifact, self.base_url))
                if self.base_url
                else replace(archive, path=self.store.artifact_path(artifact))
            )
        return self.artifacts[artifact.name]

    def runtime(self, name: str, version: str) -> Archive | None:
        if (name, version) not in self.runtimes:
            archive = self.store.runtime(name, version, self.base_url)
            if archive:
                self._check_runtime(name, version, archive)
            self.runtimes[name, version] = archive
        return self.runtimes[name, version]

    def _check_runtime(self, name: str, version: str, archive: Archive) -> None:
        wanted = {(item.name, item.version): item.sha256 for item in self.catalogue.runtime}.get((name, version))
        if wanted and archive.sha256 != wanted:
            raise Refused(
                Problem(
                    "runtime-differs",
                    f"store {self.store.location}: runtime {name} {version}",
                    f"has SHA-256 {archive.sha256}",
                    f"{wanted}, as inventories/system.toml says",
                    "put the right archive into the store, or correct the catalogue",
                )
            )


@dataclass(frozen=True, slots=True)
class _Composer:
    catalogue: Catalogue
    environment: str
    release: Release
    sources: _Sources
    templates: Templates
    secrets: Secrets

    def host(self, host: Host, slugs: tuple[str, ...], settings: Mapping[str, Any]) -> DesiredHost:
        needed = dict.fromkeys(
            (service.runtime, service.runtime_version) for service in (self.catalogue.service[slug] for slug in slugs)
        )
        return DesiredHost(
            host,
            tuple(self._service(slug, host, settings) for slug in slugs),
            tuple(
                DesiredRuntime(name, version, self.sources.runtime(name, version))
                for name, version in needed
                if name and version
            ),
        )

    def _service(self, slug: str, host: Host, settings: Mapping[str, Any]) -> DesiredService:
        service = self.catalogue.service[slug]
        artifact = self.release.artifacts[service.artifact]
        rendered = render_service(self.catalogue, slug, host, self.environment, self.templates, artifact, settings)
        return DesiredService(
            slug=slug,
            revision=rendered.revision,
            contents=rendered.contents,
            archive=self.sources.artifact(artifact),
            secrets=tuple(self._secret(service.name, name) for name in service.secrets),
        )

    def _secret(self, service: str, name: str) -> DesiredSecret:
        value = self.secrets.values[service, name]
        return DesiredSecret(name, value.digest(self.secrets.digest_key), value)


def _missing_artifacts(catalogue: Catalogue, slugs: Iterable[str], release: Release) -> list[Problem]:
    return [
        Problem(
            "missing-artifact",
            f"release {release.name}",
            f"has no artifact {catalogue.service[slug].artifact!r}",
            f"one for service {slug}, which is placed on hosts",
            f"build a release on {release.name} that has it: invoke release.build --base {release.name}",
        )
        for slug in slugs
        if catalogue.service[slug].artifact not in release.artifacts
    ]
