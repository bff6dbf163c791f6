"""A plan: what would change, host by host; approved by its hash."""

from dataclasses import dataclass

from deploy.model.problem import Problem
from deploy.model.step import Step

SHORT_HASH = 12
"""Hex digits of a plan's hash that people read and type."""


@dataclass(frozen=True, slots=True)
class Move:
    """One service on one host from one revision to another. None: not there before, or not to be there."""

    service: str
    before: str | None
    after: str | None
    diff: tuple[str, ...] = ()
    """For people: changed registration, configuration and files, line by line; secrets as digests."""


@dataclass(frozen=True, slots=True)
class HostWave:
    """One transaction: what one host does in one wave. Empty `steps`: nothing."""

    host: str
    wave: int
    steps: tuple[Step, ...]
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Wave:
    """Services of one rank, cut over batch by batch; the hosts of a batch go together."""

    number: int
    services: tuple[str, ...]
    failure_domain: str
    batches: tuple[tuple[HostWave, ...], ...]
    max_failures: int = 0


@dataclass(frozen=True, slots=True)
class HostPlan:
    """What is staged on a host before any host is touched; no outage."""

    host: str
    stage: tuple[Step, ...]
    closing: tuple[Step, ...] = ()
    """After the waves: attestation and pruning."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Complete and inert. `hash` covers release, hosts, steps and expectations; no volatile fact."""

    kind: str
    environment: str
    release: str
    previous: str | None
    hosts: tuple[HostPlan, ...]
    waves: tuple[Wave, ...]
    refusals: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    hash: str
    limited: bool = False

    @property
    def short_hash(self) -> str:
        """What people read and type."""
        return self.hash[:SHORT_HASH]

    def is_called(self, name: str) -> bool:
        """Whether `name` is this plan's hash, or a beginning of it that is long enough to mean no other."""
        return len(name) >= SHORT_HASH and self.hash.startswith(name.lower())

    @property
    def changes(self) -> int:
        """How many steps change something (attestation and pruning don't count)."""
        staged = sum(len(host.stage) for host in self.hosts)
        return staged + sum(len(item.steps) for wave in self.waves for batch in wave.batches for item in batch)
