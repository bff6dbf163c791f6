"""What a host said about itself, once, completely: the only input of a decision about it."""

from dataclasses import dataclass, field
from typing import Any

from deploy.model.problem import Problem
from deploy.model.revision import Revision


@dataclass(frozen=True, slots=True)
class System:
    """The machine. Times: seconds of UTC epoch, or of uptime."""

    computer: str
    os: str
    build: int
    edition: str
    cores: int
    memory_mb: int
    boot_id: str
    uptime_s: float
    time_utc: float
    powershell: str
    language_mode: str
    elevated: bool
    user: str
    disk_free_mb: int
    disk_total_mb: int
    docker: str | None
    pending_reboot: bool


@dataclass(frozen=True, slots=True)
class Agent:
    """The host half that is installed; `task_sha` is the module version that the settling task runs."""

    sha: str
    modules: tuple[str, ...]
    task_exists: bool
    task_enabled: bool
    task_sha: str | None


@dataclass(frozen=True, slots=True)
class Process:
    """A process: path of its image, and when it started (opaque text, compared for equality)."""

    image: str
    started: str


@dataclass(frozen=True, slots=True)
class Registration:
    """A service's registration, as the registry has it. `failure_actions` is lower hex, "" when absent."""

    image_path: str
    start: str
    account: str
    display_name: str
    description: str
    depends_on: tuple[str, ...]
    environment: dict[str, str]
    failure_actions: str
    failure_on_non_crash: bool
    sid_type: str


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """What a health probe got."""

    ok: bool
    status: int | None
    body: dict[str, Any] | None
    error: str | None


@dataclass(frozen=True, slots=True)
class ServiceFact:
    """A service name that was asked for, or that is registered. Not registered: `registration` is None."""

    name: str
    state: str
    pid: int
    process: Process | None
    registration: Registration | None
    probe: ProbeAnswer | None
    ports: tuple[tuple[str, int, bool], ...]
    """Address, port, whether anything listens there."""


@dataclass(frozen=True, slots=True)
class RevisionFact:
    """A folder under releases\\<service>. `revision` is None for one that is damaged, foreign or `unmanaged`."""

    service: str
    folder: str
    name: str
    manifest_sha256: str
    complete: bool
    revision: Revision | None
    damaged: tuple[str, ...]
    contents: dict[str, str] = field(default_factory=dict, repr=False)
    """Rendered configuration as it lies there, by relative path; large or unreadable files are left out."""


@dataclass(frozen=True, slots=True)
class SecretFact:
    """A secret's file: digest (keyed, hex) and whether its ACL protects it."""

    service: str
    name: str
    exists: bool
    digest: str
    protected: bool


@dataclass(frozen=True, slots=True)
class PathFact:
    """A path that was asked for; `kind` is `file`, `dir` or `absent`."""

    path: str
    kind: str
    size: int
    sha256: str
    protected: bool


@dataclass(frozen=True, slots=True)
class FirewallFact:
    """A firewall rule that was asked for."""

    name: str
    exists: bool
    port: int
    remote: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class OpenTransaction:
    """A transaction that has not ended; `state` is one of wire.journal.OPEN_STATES."""

    tx: str
    run: str
    state: str
    step: str
    since: str
    executor_alive: bool
    error: str


@dataclass(frozen=True, slots=True)
class AttestedRelease:
    """A release that was seen good (or marked bad) on this host: service → revision name."""

    release: str
    run: str
    at: str
    status: str
    revisions: dict[str, str]


@dataclass(frozen=True, slots=True)
class Adopted:
    """What ran before us: kept registration, original program folder, and our verified copy."""

    revision: str
    registration: Registration
    folder: str
    copy: str


@dataclass(frozen=True, slots=True)
class HostFacts:
    """One host's snapshot."""

    host: str
    system: System
    agent: Agent
    lock: dict[str, Any] | None
    lock_held: bool
    services: dict[str, ServiceFact]
    revisions: tuple[RevisionFact, ...]
    runtimes: frozenset[tuple[str, str]]
    """Name and version of each complete runtime."""
    secrets: dict[tuple[str, str], SecretFact]
    paths: dict[str, PathFact]
    firewall: dict[str, FirewallFact]
    transactions: tuple[OpenTransaction, ...]
    releases: tuple[AttestedRelease, ...]
    adopted: dict[str, Adopted] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A host that could not be asked, or one whose answer was incomplete. Never to be read as an empty host."""

    host: str
    problem: Problem


Snapshot = HostFacts | Unknown
