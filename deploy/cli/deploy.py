"""invoke plan and invoke deploy."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from deploy.cli.carry_out import carry_out
from deploy.cli.command import comma_list
from deploy.cli.ending import approve, end_without_run
from deploy.cli.fleet import Fleet
from deploy.cli.output import Output
from deploy.cli.plan_shown import show, tell
from deploy.cli.site import Site
from deploy.cli.surroundings import RunSurroundings
from deploy.config.project import Project
from deploy.model.desired import DesiredHost
from deploy.model.facts import Snapshot
from deploy.model.plan import Plan
from deploy.model.problem import Problem, UsageError
from deploy.model.release import Release
from deploy.model.run import Exit
from deploy.planning.plan import plan_deploy
from deploy.planning.request import PlanInput, PlanOptions
from deploy.releases.choice import choose_release, release_problem

EXAMPLE = "invoke deploy --env dev"


class Deployment:
    """A deploy that is being planned: the environment, the release, what every host should run."""

    def __init__(
        self, project: Project, environment: str | None, options: Mapping[str, Any], fleet: Fleet | None = None
    ):
        known = {key: options.get(key) for key in ("batch", "max_failures")}
        self.site = Site.load(project, environment, EXAMPLE, known)
        self.release: Release = choose_release(self.site.store, self.site.environment, options.get("release"))
        self.limit = comma_list(options.get("limit"))
        self.site.inventory.select(self.limit)
        self.desired: tuple[DesiredHost, ...] = self.site.desired(self.release)
        self.snapshots: dict[str, Snapshot] = {}

    def plan(self, fleet: Fleet) -> Plan:
        """Asks every host and plans."""
        fleet.want(self.desired)
        self.snapshots = fleet.ask(deep=True)
        site = self.site
        return plan_deploy(
            PlanInput(
                catalogue=site.catalogue,
                environment=site.environment,
                release=self.release,
                desired=self.desired,
                snapshots=self.snapshots,
                now=datetime.now(UTC),
                asked_at=fleet.asked_at,
                attestation=release_problem(site.store, self.release.name, site.environment),
                options=PlanOptions(
                    self.limit, site.settings.batch, site.settings.max_failures, site.settings.keep_revisions
                ),
            )
        )


def show_plan(project: Project, environment: str | None, options: Mapping[str, Any], output: Output) -> Exit:
    """Shows the plan; 2 when it may not run."""
    deployment = Deployment(project, environment, options)
    with Fleet(deployment.site, deployment.site.inventory.hosts) as fleet:
        plan = deployment.plan(fleet)
    return show(plan, output)


def run_deploy(project: Project, environment: str | None, options: Mapping[str, Any], output: Output) -> Exit:
    """Plans, asks, and carries the plan out."""
    _check_strategy(options.get("strategy"))
    deployment = Deployment(project, environment, options)
    site = deployment.site
    with Fleet(site, site.inventory.hosts) as fleet:
        plan = deployment.plan(fleet)
        tell(plan, output)
        ended = end_without_run(site, fleet, plan, options.get("plan"), output)
        if ended is not None:
            return ended
        approve(plan, bool(options.get("yes")) or bool(options.get("plan")), sys.stdin, output)
        surroundings = RunSurroundings(
            site, fleet, plan, lambda: deployment.plan(fleet), deployment.snapshots, deployment.desired
        )
        return carry_out(surroundings, output)


def _check_strategy(strategy: str | None) -> None:
    if strategy not in (None, "rolling"):
        raise UsageError(Problem("bad-option", "--strategy", f"{strategy!r} is no strategy", "rolling", "leave it out"))
