"""Parity after a deploy: every host runs exactly its planned revisions, made from the same artifacts and templates."""

from collections.abc import Mapping

from deploy.model.facts import HostFacts, Snapshot
from deploy.model.problem import Problem
from deploy.model.revision import UNMANAGED, Revision
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


def alike(root: str, snapshots: Mapping[str, Snapshot]) -> tuple[Problem, ...]:
    """Problems for services whose artifact or templates differ between hosts; configuration itself may differ."""
    seen: dict[str, tuple[str, Revision]] = {}
    problems = []
    for host, facts in snapshots.items():
        if not isinstance(facts, HostFacts):
            continue
        for service in facts.services:
            now = running(root, facts, service)
            if now is None or now.parked or now.revision is None:
                continue
            first, revision = seen.setdefault(service, (host, now.revision))
            for label, mine, theirs in (
                ("artifact", now.revision.artifact_sha256, revision.artifact_sha256),
                ("templates", now.revision.templates_sha256, revision.templates_sha256),
            ):
                if mine != theirs:
                    what = f"{service}: {label} {mine[:12]} differs from that of {first}"
                    problems.append(Problem("parity", host, what, theirs[:12], "invoke deploy without --limit"))
    return tuple(problems)
