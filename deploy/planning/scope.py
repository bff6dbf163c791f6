"""Which hosts a run covers, and which of them are known."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches

from deploy.model.facts import HostFacts, Snapshot
from deploy.model.problem import Problem


def unknown_hosts(chosen: Collection[str], hosts: Collection[str], option: str) -> tuple[Problem, ...]:
    """One refusal for each name that the inventory doesn't hold."""
    problems = []
    for name in chosen:
        if name not in hosts:
            close = get_close_matches(name, hosts, 1)
            hint = f"did you mean {close[0]}?" if close else f"hosts are {', '.join(sorted(hosts))}"
            problems.append(Problem("unknown-host", option, f"{name!r} is no host of the inventory", "", hint))
    return tuple(problems)


def known(snapshots: Mapping[str, Snapshot], hosts: Collection[str]) -> dict[str, HostFacts]:
    """Facts of those of `hosts` that answered, in the order of `hosts`."""
    return {name: snapshot for name in hosts if isinstance(snapshot := snapshots.get(name), HostFacts)}


def unanswered(snapshots: Mapping[str, Snapshot], hosts: Collection[str]) -> tuple[Problem, ...]:
    """One refusal for each host without facts; it is never read as an empty one."""
    problems = []
    for name in hosts:
        snapshot = snapshots.get(name)
        if snapshot is None:
            problems.append(Problem("host-not-asked", name, "it was not asked for its facts", "facts of every host"))
        elif not isinstance(snapshot, HostFacts):
            problems.append(snapshot.problem)
    return tuple(problems)
