"""How a run ends before it begins: refused, nothing to do, or not approved."""

from typing import TextIO

from deploy.cli.command import as_typed
from deploy.cli.fleet import Fleet
from deploy.cli.output import Output
from deploy.cli.run_record import record_without_run
from deploy.cli.site import Site
from deploy.execution.clock import SystemClock
from deploy.model.plan import Plan
from deploy.model.problem import Problem, Refused, UsageError
from deploy.model.run import Exit, Outcome


def end_without_run(site: Site, fleet: Fleet, plan: Plan, approved: str | None, output: Output) -> Exit | None:
    """The exit code when the plan is refused, isn't the approved one, or changes nothing; None: go on."""
    clock = SystemClock()
    if plan.refusals:
        return record_without_run(site, fleet, plan, (Outcome.REFUSED, plan.refusals), clock, output)
    if approved and not plan.is_called(approved):
        problem = Problem(
            "plan-changed",
            f"{site.environment}: --plan",
            f"the plan is now {plan.short_hash}",
            f"the approved {approved}",
            f"read it again: invoke plan --env {site.environment} --release {plan.release}",
        )
        return record_without_run(site, fleet, plan, (Outcome.REFUSED, (problem,)), clock, output)
    if plan.changes == 0 and not any(host.closing for host in plan.hosts):
        return record_without_run(site, fleet, plan, (Outcome.UNCHANGED, ()), clock, output)
    return None


def approve(plan: Plan, approved: bool, stdin: TextIO, output: Output) -> None:
    """Asks on a terminal; without one, --yes or --plan is needed. Raises Refused or UsageError."""
    if approved:
        return
    if not stdin.isatty() or output.as_json:
        example = f"{as_typed()} --yes (or --plan {plan.short_hash})"
        raise UsageError(Problem("not-approved", "--yes", "nobody can be asked: no terminal", "--yes", example))
    output.text()
    output.stdout.write(f"Carry out plan {plan.short_hash} on {plan.environment}? [y/N] ")
    output.stdout.flush()
    if stdin.readline().strip().lower() not in ("y", "yes"):
        raise Refused(Problem("not-approved", plan.environment, "not approved: nothing was touched"))
