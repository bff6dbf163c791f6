"""invoke rollback."""

import sys
from collections.abc import Mapping
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
from deploy.model.facts import Snapshot
from deploy.model.plan import Plan
from deploy.model.problem import Problem, UsageError
from deploy.model.run import Exit
from deploy.planning.rollback import RollbackInput, plan_rollback

EXAMPLE = "invoke rollback --env dev"


class Return:
    """A rollback that is being planned. Hosts left out by name are neither asked nor locked."""

    def __init__(self, project: Project, environment: str | None, options: Mapping[str, Any]) -> None:
        self.site = Site.load(project, environment, EXAMPLE, {})
        self.to: str | None = options.get("to")
        without = comma_list(options.get("without"))
        self.reason = (options.get("reason") or "") if without else ""
        if without and not self.reason:
            example = f"{EXAMPLE} --without {','.join(without)} --reason 'disk replaced'"
            raise UsageError(Problem("missing-option", "--reason", "is missing", "why they are left out", example))
        self.site.inventory.select(without)
        self.without = dict.fromkeys(without, self.reason)
        self.hosts = tuple(host for host in self.site.inventory.hosts if host.name not in self.without)
        self.snapshots: dict[str, Snapshot] = {}

    def plan(self, fleet: Fleet) -> Plan:
        """Asks every host that takes part, and plans."""
        self.snapshots = fleet.look_closer(deep=True)
        return plan_rollback(
            RollbackInput(
                catalogue=self.site.catalogue,
                environment=self.site.environment,
                hosts=self.site.inventory.hosts,
                snapshots=self.snapshots,
                secrets=self.site.secrets_by_service(),
                to=self.to,
                without=self.without,
                revisions_kept=self.site.settings.keep_revisions,
            )
        )


def show_rollback(project: Project, environment: str | None, options: Mapping[str, Any], output: Output) -> Exit:
    """Shows the plan; 2 when it may not run."""
    way = Return(project, environment, options)
    with Fleet(way.site, way.hosts) as fleet:
        plan = way.plan(fleet)
    return show(plan, output)


def run_rollback(project: Project, environment: str | None, options: Mapping[str, Any], output: Output) -> Exit:
    """Plans, asks, and carries the plan out. 3 when a host was left out: it has not converged."""
    way = Return(project, environment, options)
    with Fleet(way.site, way.hosts) as fleet:
        plan = way.plan(fleet)
        tell(plan, output)
        ended = end_without_run(way.site, fleet, plan, options.get("plan"), output)
        if ended is not None:
            return ended
        approve(plan, bool(options.get("yes")) or bool(options.get("plan")), sys.stdin, output)
        surroundings = RunSurroundings(way.site, fleet, plan, lambda: way.plan(fleet), way.snapshots, ())
        return carry_out(surroundings, output, way.reason)
