"""Parity after a deploy: hosts run revisions that were made from the same artifacts and templates."""

from collections.abc import Mapping

from deploy.model.facts import HostFacts, Snapshot
from deploy.model.problem import Problem
from deploy.model.revision import Revision
from deploy.planning.running import running


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
