"""invoke verify: the end state of every host, checked with testinfra."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from deploy.checks.runner import run_checks
from deploy.cli.fleet import Fleet
from deploy.cli.output import Output
from deploy.cli.site import Site, writer_problems
from deploy.config.project import Project
from deploy.model.check import Check
from deploy.model.facts import HostFacts, Snapshot
from deploy.model.run import Exit
from deploy.planning.drift import attested
from deploy.planning.parity import alike

EXAMPLE = "invoke verify --env dev"


def run_verify(project: Project, environment: str | None, junit: str | None, output: Output) -> Exit:
    """Against the attested release. 0: all passed, 6: some failed, 5: something could not be told."""
    site = Site.load(project, environment, EXAMPLE, {})
    with Fleet(site, site.inventory.hosts) as fleet:
        snapshots = fleet.look_closer(deep=True)
        expected = {name: attested(fact) if isinstance(fact, HostFacts) else {} for name, fact in snapshots.items()}
        path = Path(junit).resolve() if junit else None
        checks = run_checks(project.checks, fleet.targets, snapshots, expected, site.catalogue.root, path)
    checks += [_unattested(host) for host in _never_attested(site, snapshots, expected)]
    checks += [Check(item.where, "single_writer", "failed", item.what) for item in writer_problems(site, snapshots)]
    checks += [Check(item.where, "parity", "failed", item.what) for item in alike(site.catalogue.root, snapshots)]
    rows = [asdict(check) for check in checks]
    output.document({"schema": "verify/1", "env": site.environment, "checks": rows})
    for check in checks:
        if check.result != "passed":
            output.text(f"{check.host}  {check.name}  {check.result.upper()}  {check.detail}")
    passed = sum(check.result == "passed" for check in checks)
    output.text(f"{passed} of {len(checks)} checks passed")
    results = {check.result for check in checks}
    return Exit.DIFFERENT if "failed" in results else Exit.UNKNOWN if "unknown" in results else Exit.OK


def _never_attested(site: Site, snapshots: Mapping[str, Snapshot], expected: Mapping[str, object]) -> list[str]:
    """Hosts that should run something, and of which no release was ever seen good: nothing to verify against."""
    return [
        host
        for host, snapshot in snapshots.items()
        if isinstance(snapshot, HostFacts) and site.placement.get(host) and not expected[host]
    ]


def _unattested(host: str) -> Check:
    return Check(host, "attested", "unknown", "no release was ever attested on it: deploy one first")
