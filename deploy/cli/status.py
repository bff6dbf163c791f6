"""invoke status and invoke drift: what runs where, and what is no longer as it was left."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from deploy.cli.fleet import Fleet
from deploy.cli.output import Output
from deploy.cli.site import Site, writer_problems
from deploy.config.project import Project
from deploy.model.facts import HostFacts, OpenTransaction, ServiceFact, Snapshot
from deploy.model.run import Exit
from deploy.planning.convergence import behind, current
from deploy.planning.drift import attested, drift
from deploy.planning.running import is_running, running

STATUS_EXAMPLE = "invoke status --env dev"
DRIFT_EXAMPLE = "invoke drift --env dev"


def show_status(project: Project, environment: str | None, output: Output) -> Exit:
    """0 when every host was reached and nothing is open, 4 for a stuck transaction, 5 for an unreachable host."""
    site = Site.load(project, environment, STATUS_EXAMPLE, {})
    with Fleet(site, site.inventory.hosts) as fleet:
        snapshots = fleet.look_closer()
    root = site.catalogue.root
    late = behind(snapshots)
    hosts = [{**_host(root, name, snapshot), "converged": name not in late} for name, snapshot in snapshots.items()]
    release = current(snapshots)
    output.document({"schema": "status/1", "env": site.environment, "release": release, "hosts": hosts})
    output.text(f"{site.environment}: {_release_text(release, snapshots)}")
    for name, snapshot in snapshots.items():
        for line in _host_lines(root, name, snapshot):
            output.text(line)
    for problem in writer_problems(site, snapshots):
        output.problem(problem, "warning")
    for name, old in late.items():
        output.text(f"{name} is at {old}, the environment at {release}: it has not converged")
    return _status_exit(snapshots)


def show_drift(project: Project, environment: str | None, output: Output) -> Exit:
    """0 without a difference, 6 with some, 5 when a host couldn't be asked."""
    site = Site.load(project, environment, DRIFT_EXAMPLE, {})
    with Fleet(site, site.inventory.hosts) as fleet:
        snapshots = fleet.look_closer(deep=True)
    expected = {name: attested(fact) if isinstance(fact, HostFacts) else {} for name, fact in snapshots.items()}
    names = [service.name for service in site.catalogue.service.values() if service.kind == "windows"]
    found = drift(site.catalogue.root, expected, names, snapshots)
    output.document({"schema": "drift/1", "env": site.environment, "drift": [asdict(item) for item in found]})
    for item in found:
        output.text(f"{item.host}  {item.service or 'host'}  {item.resource}")
        output.text(f"    expected: {item.expected}")
        output.text(f"    actual:   {item.actual}")
    never = [name for name, revisions in expected.items() if not revisions and isinstance(snapshots[name], HostFacts)]
    if never:
        output.text(f"no release was attested on {', '.join(never)}: nothing to compare with")
    if not found and not never:
        output.text("no drift: every host is as its attested release left it")
    if any(not isinstance(snapshot, HostFacts) for snapshot in snapshots.values()):
        return Exit.UNKNOWN
    return Exit.DIFFERENT if found else Exit.OK


def _release_text(release: str | None, snapshots: Mapping[str, Snapshot]) -> str:
    if release:
        return f"release {release}"
    silent = [name for name, snapshot in snapshots.items() if not isinstance(snapshot, HostFacts)]
    if silent:
        return f"can't tell its release: {', '.join(silent)} can't be asked"
    return "no release was attested yet"


def _status_exit(snapshots: Mapping[str, Snapshot]) -> Exit:
    known = [snapshot for snapshot in snapshots.values() if isinstance(snapshot, HostFacts)]
    if any(item.state in ("stuck", "unreadable") for facts in known for item in facts.transactions):
        return Exit.HUMAN
    return Exit.OK if len(known) == len(snapshots) else Exit.UNKNOWN


def _host(root: str, name: str, snapshot: Snapshot) -> dict[str, Any]:
    if not isinstance(snapshot, HostFacts):
        problem = asdict(snapshot.problem)
        return {"name": name, "reachable": False, "problem": problem, "open_transaction": None, "services": []}
    is_open = next(iter(snapshot.transactions), None)
    return {
        "name": name,
        "reachable": True,
        "open_transaction": asdict(is_open) if is_open else None,
        "lock": snapshot.lock if snapshot.lock_held else None,
        "release": next((item.release for item in reversed(snapshot.releases) if item.status == "good"), None),
        "services": [_service(root, snapshot, fact) for fact in _registered(snapshot)],
    }


def _registered(facts: HostFacts) -> list[ServiceFact]:
    return [fact for _, fact in sorted(facts.services.items()) if fact.registration is not None]


def _service(root: str, facts: HostFacts, fact: ServiceFact) -> dict[str, Any]:
    now = running(root, facts, fact.name)
    return {
        "name": fact.name,
        "version": now.revision.version if now and now.revision else None,
        "revision": now.name if now else None,
        "state": fact.state,
        "pid": fact.pid,
        "healthy": is_running(fact) and (fact.probe is None or fact.probe.ok),
        "attested": attested(facts).get(fact.name),
    }


def _host_lines(root: str, name: str, snapshot: Snapshot) -> list[str]:
    if not isinstance(snapshot, HostFacts):
        return [f"{name}: can't be asked: {snapshot.problem.what}", f"    next: {snapshot.problem.next}"]
    lines = [f"{name}"]
    for fact in _registered(snapshot):
        told = _service(root, snapshot, fact)
        health = "healthy" if told["healthy"] else "NOT HEALTHY"
        pid = f"pid {fact.pid}" if fact.pid else ""
        if told["attested"] not in (None, told["revision"]):
            pid += f"  not the attested {told['attested']}"
        lines.append(f"  {fact.name:<28} {told['revision'] or '':<26} {fact.state:<12} {health:<12} {pid}".rstrip())
    lines += [_open_line(item) for item in snapshot.transactions]
    if snapshot.lock_held and snapshot.lock:
        lines.append(f"  locked by {snapshot.lock.get('who')} since {snapshot.lock.get('since')}")
    return lines


def _open_line(item: OpenTransaction) -> str:
    told = f"  open transaction {item.tx}: {item.state} at {item.step or 'its begin'} since {item.since}"
    return told + (f": {item.error}" if item.error else "")
