"""Hosts that did not take part in the environment's last attested run, and still run something else."""

from collections.abc import Mapping

from deploy.model.facts import AttestedRelease, HostFacts, Snapshot


def behind(snapshots: Mapping[str, Snapshot]) -> dict[str, str]:
    """Host → the release that it is at, for each whose newest good release is not the environment's newest one."""
    newest = {name: latest for name, fact in snapshots.items() if (latest := _latest(fact)) is not None}
    if not newest:
        return {}
    current = max(newest.values(), key=lambda entry: entry.at)
    return {name: entry.release for name, entry in newest.items() if entry.release != current.release}


def current(snapshots: Mapping[str, Snapshot]) -> str | None:
    """The release that was attested last, on whichever host."""
    entries = [latest for fact in snapshots.values() if (latest := _latest(fact)) is not None]
    return max(entries, key=lambda entry: entry.at).release if entries else None


def _latest(snapshot: Snapshot) -> AttestedRelease | None:
    """The newest good entry that was not marked bad since."""
    if not isinstance(snapshot, HostFacts):
        return None
    verdict = {entry.release: entry.status for entry in snapshot.releases}
    good = [entry for entry in snapshot.releases if entry.status == "good" and verdict[entry.release] == "good"]
    return good[-1] if good else None
