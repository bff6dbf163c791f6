"""Attested releases of an environment, put together from what each host keeps."""

from collections.abc import Mapping
from dataclasses import dataclass

from deploy.model.facts import HostFacts
from deploy.planning.running import serving

BEFORE = "unmanaged"
"""Name under which what ran before us can be gone back to."""


@dataclass(frozen=True, slots=True)
class Record:
    """A release as one run left it: host → service → revision name. `at`: ISO 8601, when it was first attested."""

    release: str
    run: str
    at: str
    good: bool
    hosts: dict[str, dict[str, str]]


def records(facts: Mapping[str, HostFacts]) -> tuple[Record, ...]:
    """All records, oldest first; one that was marked bad since counts as bad, whichever run marked it."""
    merged: dict[tuple[str, str, str], Record] = {}
    verdicts: dict[tuple[str, str, frozenset[tuple[str, str]]], tuple[str, str]] = {}
    for host, fact in facts.items():
        for entry in fact.releases:
            revisions = frozenset(entry.revisions.items())
            identity = (host, entry.release, revisions)
            if identity not in verdicts or entry.at >= verdicts[identity][0]:
                verdicts[identity] = (entry.at, entry.status)
            key = (entry.run, entry.release, entry.status)
            known = merged.get(key)
            hosts = {**(known.hosts if known else {}), host: dict(entry.revisions)}
            at = min(entry.at, known.at) if known else entry.at
            merged[key] = Record(entry.release, entry.run, at, entry.status == "good", hosts)
    judged = []
    for record in merged.values():
        statuses = [
            verdicts[host, record.release, frozenset(revisions.items())][1] for host, revisions in record.hosts.items()
        ]
        good = record.good and "bad" not in statuses
        judged.append(Record(record.release, record.run, record.at, good, record.hosts))
    return (*_before(facts), *sorted(judged, key=lambda record: record.at))


def present(root: str, facts: Mapping[str, HostFacts], known: tuple[Record, ...]) -> Record | None:
    """The newest good record that is what the hosts run now, or None: what runs was never attested as a whole."""
    fitting = (record for record in reversed(known) if record.good and _runs(root, facts, record))
    return next(fitting, None)


def earlier(root: str, facts: Mapping[str, HostFacts], known: tuple[Record, ...]) -> Record | None:
    """The newest good record before the one that runs; what equals it is passed over."""
    now = present(root, facts, known)
    before = known[: known.index(now)] if now is not None else known
    fitting = (record for record in reversed(before) if record.good and not _runs(root, facts, record))
    return next(fitting, None)


def named(root: str, facts: Mapping[str, HostFacts], known: tuple[Record, ...], release: str) -> Record | None:
    """The newest record of a release, a good one first, and one that differs from what runs before its equal."""
    found = [record for record in known if record.release == release]
    found.sort(key=lambda record: (record.good, not _runs(root, facts, record), record.at))
    return found[-1] if found else None


def mixed(root: str, facts: Mapping[str, HostFacts], known: tuple[Record, ...]) -> bool:
    """Whether every host runs something attested, but no release that is common to all: a run ended half way."""
    fitting = [
        {at for at, record in enumerate(known) if host in record.hosts and _runs_on(root, fact, record)}
        for host, fact in facts.items()
        if any(host in record.hosts for record in known)
    ]
    return bool(fitting) and all(fitting) and not set.intersection(*fitting)


def _before(facts: Mapping[str, HostFacts]) -> tuple[Record, ...]:
    hosts = {
        host: {service: adopted.revision for service, adopted in fact.adopted.items()} for host, fact in facts.items()
    }
    return (Record(BEFORE, "", "", True, hosts),) if any(hosts.values()) else ()


def _runs(root: str, facts: Mapping[str, HostFacts], record: Record) -> bool:
    """Whether every host that was asked runs exactly the record; hosts that it doesn't know don't count."""
    asked = [host for host in record.hosts if host in facts]
    return bool(asked) and all(_runs_on(root, facts[host], record) for host in asked)


def _runs_on(root: str, facts: HostFacts, record: Record) -> bool:
    revisions = record.hosts[facts.host]
    return all(serving(root, facts, service) == name for service, name in revisions.items()) and _nothing_else(
        root, facts, revisions
    )


def _nothing_else(root: str, facts: HostFacts, revisions: Mapping[str, str]) -> bool:
    """Whether no other service of ours serves: what ran before us is a record of its own."""
    ours = {fact.service for fact in facts.revisions} - revisions.keys()
    return all(serving(root, facts, service) is None for service in ours)
