"""What a deploy is decided from, and what the command line asks of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from deploy.model.catalogue import Catalogue
from deploy.model.desired import DesiredHost
from deploy.model.facts import Snapshot
from deploy.model.problem import Problem
from deploy.model.release import Release
from deploy.planning.pruning import REVISIONS_KEPT


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What the command line asks: `limit` names hosts (() means all); `batch` and `max_failures` as in Rollout.

    `revisions_kept`: of each service on a host; more where something may still be gone back to.
    """

    limit: tuple[str, ...] = ()
    batch: str = "1"
    max_failures: int = 0
    revisions_kept: int = REVISIONS_KEPT


@dataclass(frozen=True, slots=True)
class PlanInput:
    """Everything that a deploy is decided from.

    `catalogue` is the environment's effective one. `desired` has every host of the environment, those without services
    too; `snapshots` what each said. `now` is aware. `asked_at`: host → controller's UTC epoch in s before and after its
    answer; a host without it isn't asked for its clock. `attestation`: why the release may not go here, or None.
    """

    catalogue: Catalogue
    environment: str
    release: Release
    desired: tuple[DesiredHost, ...]
    snapshots: Mapping[str, Snapshot]
    now: datetime
    asked_at: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    attestation: Problem | None = None
    options: PlanOptions = PlanOptions()

    @property
    def chosen(self) -> tuple[DesiredHost, ...]:
        """The hosts that the deploy covers."""
        limit = self.options.limit
        return tuple(item for item in self.desired if not limit or item.host.name in limit)
