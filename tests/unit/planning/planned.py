"""Whether hosts run exactly what was planned, told from facts alone: the tests' own witness."""

from collections.abc import Mapping

from deploy.model.facts import HostFacts, Snapshot
from deploy.model.problem import Problem
from deploy.model.revision import UNMANAGED
from deploy.planning.running import NOT_KEPT, running


def planned(
    root: str, snapshots: Mapping[str, Snapshot], revisions: Mapping[str, Mapping[str, str]]
) -> tuple[Problem, ...]:
    """Problems for `revisions` (host → service → name); a host that can't be asked was missed, which is a problem."""
    problems = []
    for host, services in revisions.items():
        facts = snapshots.get(host)
        if not isinstance(facts, HostFacts):
            what = facts.problem.what if facts is not None else "not asked"
            problems.append(Problem("host-missed", host, what, "facts after the run", "invoke verify once it answers"))
            continue
        for service, name in services.items():
            now = running(root, facts, service)
            actual = "not registered" if now is None else "disabled and stopped" if now.parked else now.name
            if actual != name and not (name == NOT_KEPT and actual.startswith(UNMANAGED)):
                problems.append(Problem("parity", host, f"{service} is {actual}", name, "invoke drift"))
    return tuple(problems)
