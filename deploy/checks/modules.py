"""`host.service`, `host.file`, `host.socket`, `host.revision`: what tests ask, answered from facts or the host."""

from dataclasses import dataclass
from functools import cached_property

from deploy.checks.connection import Connection
from deploy.model.facts import HostFacts, PathFact, ProbeAnswer, Process, Registration
from deploy.model.revision import Revision
from deploy.planning.paths import under
from deploy.planning.registration import registration_of
from deploy.planning.running import revision_fact, running

MAX_CONTENT = 1024 * 1024


@dataclass(frozen=True)
class Service:
    """A service in the host's snapshot. Raises LookupError for one that wasn't asked about."""

    facts: HostFacts
    name: str

    @property
    def exists(self) -> bool:
        """Whether it is registered."""
        return self.facts.services[self.name].registration is not None

    @property
    def is_running(self) -> bool:
        """Whether the service control manager says Running."""
        return self.facts.services[self.name].state == "Running"

    @property
    def is_enabled(self) -> bool:
        """Whether it starts with the machine."""
        return self.exists and self.registration.start in ("auto", "delayed-auto")

    @property
    def registration(self) -> Registration:
        """Image path, start type, account, recovery actions…"""
        found = self.facts.services[self.name].registration
        if found is None:
            raise LookupError(f"{self.facts.host}: {self.name} is not registered")
        return found

    @property
    def process(self) -> Process | None:
        """The process that the service control manager has for it."""
        return self.facts.services[self.name].process

    @property
    def health(self) -> ProbeAnswer | None:
        """What its health probe got, from the host itself."""
        return self.facts.services[self.name].probe


@dataclass(frozen=True)
class File:
    """Asked when the first property is read."""

    connection: Connection
    path: str

    @cached_property
    def _found(self) -> PathFact:
        return self.connection.path(self.path)

    @property
    def exists(self) -> bool:
        """Whether anything is there."""
        return self._found.kind != "absent"

    @property
    def is_file(self) -> bool:
        """Whether it is a file."""
        return self._found.kind == "file"

    @property
    def is_directory(self) -> bool:
        """Whether it is a folder."""
        return self._found.kind == "dir"

    @property
    def size(self) -> int:
        """Bytes."""
        return self._found.size

    @property
    def sha256sum(self) -> str:
        """Lower hex."""
        return self._found.sha256

    @property
    def is_protected(self) -> bool:
        """Whether only SYSTEM, administrators and its service can read it."""
        return self._found.protected

    @property
    def content(self) -> bytes:
        """The bytes, 1 MiB at most."""
        return self.connection.read_file(self.path, MAX_CONTENT)

    @property
    def content_string(self) -> str:
        """The bytes as UTF-8."""
        return self.content.decode("utf-8")


@dataclass(frozen=True)
class Socket:
    """A TCP address as the host itself sees it."""

    connection: Connection
    address: str

    @property
    def is_listening(self) -> bool:
        """Whether a connection is accepted."""
        scheme, _, rest = self.address.partition("://")
        host, _, port = rest.rpartition(":")
        if scheme != "tcp" or not host:
            raise ValueError(f"{self.address!r} is no address such as tcp://127.0.0.1:5055")
        return bool(self.connection.probe({"kind": "tcp", "address": host, "port": int(port), "timeout_s": 5})["ok"])


@dataclass(frozen=True)
class RevisionCheck:
    """What a service runs, and whether its folder is as it was released."""

    facts: HostFacts
    root: str
    service: str

    @property
    def name(self) -> str | None:
        """Name of the revision that the registration names."""
        now = running(self.root, self.facts, self.service)
        return now.name if now else None

    @property
    def is_managed(self) -> bool:
        """Whether it is one of ours; what ran before us has no folder and no manifest."""
        return self._revision is not None

    @property
    def damaged(self) -> tuple[str, ...]:
        """Files that are not as released; only deep facts know."""
        fact = revision_fact(self.facts, self.service, self.name or "")
        return fact.damaged if fact else ()

    @property
    def is_complete(self) -> bool:
        """Whether folder and manifest are there."""
        fact = revision_fact(self.facts, self.service, self.name or "")
        return bool(fact and fact.complete)

    @property
    def expected_registration(self) -> Registration:
        """What the service's registration must be."""
        assert self._revision is not None, "ask is_managed first"
        return registration_of(self.root, self._revision)

    @property
    def holds_process(self) -> bool:
        """Whether the service's process runs an image of this revision's folder."""
        process = self.facts.services[self.service].process
        assert self._revision is not None, "ask is_managed first"
        return process is not None and under(process.image, self._revision.folder(self.root))

    @property
    def ports(self) -> tuple[tuple[str, int], ...]:
        """Where it listens."""
        assert self._revision is not None, "ask is_managed first"
        return self._revision.definition.ports

    @property
    def secrets(self) -> tuple[str, ...]:
        """Names of the secrets that it needs."""
        assert self._revision is not None, "ask is_managed first"
        return self._revision.definition.secrets

    @property
    def _revision(self) -> Revision | None:
        now = running(self.root, self.facts, self.service)
        return now.revision if now else None
