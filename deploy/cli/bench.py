"""invoke bench: requests, bytes, throughput and outage of this toolkit beside naive ones, in one run."""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.bench import naive
from deploy.bench.comparison import comparison_table, ratio_lines
from deploy.bench.costs import requests_of
from deploy.bench.document import NO_SCRIPTS, comparison_document, figures_document
from deploy.bench.figures import Figures, Findings, budget_table, lines, table, within_budget
from deploy.bench.not_measured import NotMeasured
from deploy.bench.prober import Prober
from deploy.bench.ways import compare
from deploy.bench.wine_host import WineHost
from deploy.cli.bench_host import ENVIRONMENT, SERVICES, BenchHost
from deploy.cli.command import error_document
from deploy.cli.output import Output
from deploy.cli.playground import Playground
from deploy.config.project import Project
from deploy.execution.target import TargetLost, TargetRefused
from deploy.model.problem import Problem, Refused, UsageError
from deploy.model.run import Exit
from deploy.sandbox.fleet.client import FleetError
from deploy.sandbox.fleet.engines import ENGINES, missing
from deploy.sandbox.machine.kernel import KernelError

PREFIX = "127.0.30"
RESOURCES, MOST_RESOURCES = 8, 100
"""Compared on the powershell engine: each is two PowerShell starts of two tools."""


def run_bench(_: Project, engine: str, resources: str | None, output: Output) -> Exit:
    """Measures; 3 when a budget does not hold or could not be measured. Leaves nothing running and nothing behind.

    `resources`: how many are compared on the powershell engine. Raises UsageError, and Refused where there is no Wine.
    """
    if engine not in ENGINES:
        raise UsageError(Problem("unknown-engine", "--engine", f"no engine {engine!r}", f"one of {', '.join(ENGINES)}"))
    count = _count(engine, resources)
    if lacking := missing(engine, os.environ):
        raise Refused(Problem("engine-missing", f"--engine {engine}", lacking[0], "", lacking[1]))
    with tempfile.TemporaryDirectory(prefix="trading-deploy-bench-") as scratch:
        try:
            with _ended_in_order():
                return _compare(Path(scratch), count, output) if count else _budgets(Path(scratch), output)
        except (NotMeasured, KernelError, FleetError, TargetLost, TargetRefused) as exc:
            problem = Problem("not-measured", "bench", str(exc), "", "repeat it; if it persists, report it")
            output.problem(problem)
            output.document(error_document([problem], Exit.FAILED))
            return Exit.FAILED


def _count(engine: str, resources: str | None) -> int:
    """How many resources are compared; 0 on an engine that compares none."""
    if engine != "powershell":
        if resources is not None:
            raise UsageError(
                Problem("bad-option", "--resources", f"engine {engine} compares none", "--engine powershell beside it")
            )
        return 0
    if resources is None:
        return RESOURCES
    if not resources.isdecimal() or not 1 <= int(resources) <= MOST_RESOURCES:
        expected = f"a number from 1 to {MOST_RESOURCES}"
        raise UsageError(Problem("bad-option", "--resources", f"it is {resources!r}", expected))
    return int(resources)


def _budgets(scratch: Path, output: Output) -> Exit:
    """The built-in engine: a project of its own, deployed and rolled back."""
    playground = Playground(scratch, _prefix())
    with _environment(playground), BenchHost(playground) as host:
        found = _measure(host, output)
    output.text()
    for line in table(found):
        output.text(line)
    output.text()
    output.text(f"seconds beside naive tools: not measured: {NO_SCRIPTS}")
    output.document(figures_document(found.figures, ENVIRONMENT))
    return Exit.OK if within_budget(lines(found)) else Exit.FAILED


def _compare(scratch: Path, count: int, output: Output) -> Exit:
    """The powershell engine: the same desired state, three ways."""
    with WineHost(scratch / "fleet", f"{_prefix()}.12") as host:
        found = compare(host, count, scratch, lambda what: output.text(f"measuring {what} …"))
    output.text()
    for line in (*comparison_table(found), "", *budget_table(ratio_lines(found))):
        output.text(line)
    output.document(comparison_document(found))
    return Exit.OK if within_budget(ratio_lines(found)) else Exit.FAILED


def _prefix() -> str:
    return os.environ.get("DEPLOY_SANDBOX_PREFIX", PREFIX)


def _measure(host: BenchHost, output: Output) -> Findings:
    """Everything in order, from a first release to a rollback."""

    def say(what: str) -> None:
        output.text(f"measuring {what} …")

    say("a first deploy")
    runs = {"first deploy": host.deploy("1.0.0").costs}
    say("a deploy of what is there already")
    before = host.requests_seen()
    runs["no-op deploy"] = host.deploy("1.0.0").costs
    seen = host.requests_seen() - before
    say("a deploy that puts right what somebody changed")
    changed = host.remove_rules()
    repaired = host.deploy("1.0.0").costs
    runs[f"{changed} changed"] = repaired
    say("pywinrm and pypsrp, one command for each resource")
    by_pywinrm = host.naive(naive.pywinrm)
    by_pypsrp = host.naive(naive.pypsrp) if naive.pypsrp_is_there() else None
    say("pull and push")
    speeds = host.transfer()
    say("bare stops and starts")
    bare_s = host.bare_stop_start_s()
    say("a cutover, watched from outside")
    with Prober(host.address, tuple(SERVICES.values())) as prober:
        cutover = host.deploy("1.1.0")
        away_s = prober.stop()
    runs["cutover"] = cutover.costs
    say("a rollback")
    rollback_s = host.rollback_s()
    figures = Figures(
        noop_requests_per_host=requests_of(runs["no-op deploy"]),
        change_requests_per_resource=round(requests_of(repaired, "stage") / changed, 2),
        cutover_requests_per_host=round(requests_of(cutover.costs, "cutover") / cutover.waves, 2),
        naive_noop_requests_per_host=by_pywinrm,
        pull_ratio_to_get=round(speeds.pull_ratio, 2),
        push_mb_per_s=round(speeds.push_mb_per_s, 1),
        outage_beyond_stop_start_s=round(max(away_s[port] - bare_s[name] for name, port in SERVICES.items()), 3),
    )
    return Findings(figures, host.resources(), seen, by_pypsrp, rollback_s - sum(bare_s.values()), runs)


@contextmanager
def _environment(playground: Playground) -> Iterator[None]:
    """This process sees the scratch project and nothing of the caller's settings, as the commands that it runs do."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(playground.environment())
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """SIGTERM ends it as Ctrl-C does: with the fleet."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
