"""Decides, for one resource, which steps a host lacks. Nothing else decides: plan and pyinfra both ask here."""

from dataclasses import asdict
from functools import singledispatch

from deploy.model.desired import Archive, DesiredHost
from deploy.model.facts import HostFacts
from deploy.model.step import Blob, Step
from deploy.planning import paths
from deploy.planning.acl import runtime_acl, service_acl
from deploy.planning.registration import create_args, registration_of
from deploy.planning.resources import (
    Adoption,
    FirewallRule,
    Folder,
    Registration,
    Resource,
    RevisionFolder,
    RuntimeFolder,
    SettlingTask,
    resources_of,
)
from deploy.planning.running import revision_fact, running

MANIFEST = "revision.json"
BYTES_PER_S = 1_000_000
"""The slowest transfer that is still waited for: it gives an archive's deadline."""


def stage(root: str, desired: DesiredHost, facts: HostFacts) -> tuple[Step, ...]:
    """All steps that prepare a host, in order; () when there is nothing to do. An archive is sent once."""
    steps = (step for resource in resources_of(root, desired) for step in decide(resource, facts))
    return tuple({step.id: step for step in steps}.values())


@singledispatch
def decide(resource: Resource, facts: HostFacts) -> tuple[Step, ...]:
    """Steps that are missing for one resource."""
    raise TypeError(f"no decision for {resource!r} on {facts.host}")


@decide.register
def _(resource: Folder, facts: HostFacts) -> tuple[Step, ...]:
    fact = facts.paths.get(resource.path)
    if fact is not None and fact.kind == "dir" and (fact.protected or not resource.private):
        return ()
    reason = "folder is missing" if fact is None or fact.kind != "dir" else "others may write to the folder"
    args = {"path": resource.path, "acl": resource.acl}
    return (Step(f"folder-{resource.path}", "dir.ensure", args, reason),)


@decide.register
def _(resource: RuntimeFolder, facts: HostFacts) -> tuple[Step, ...]:
    runtime = resource.runtime
    if (runtime.name, runtime.version) in facts.runtimes or runtime.archive is None:
        return ()
    args = {
        "dest": paths.runtime(resource.root, runtime.name, runtime.version),
        "archives": [paths.cached(resource.root, runtime.archive.sha256)],
        "files": [],
        "manifest": dict(runtime.archive.files),
        "acl": runtime_acl(),
    }
    identity = f"runtime-{runtime.name}-{runtime.version}"
    reason = f"runtime {runtime.name} {runtime.version} is missing"
    composed = Step(identity, "folder.compose", args, reason, deadline_s=_patience_s(runtime.archive.size))
    return (*_archive(resource.root, runtime.archive, facts), composed)


@decide.register
def _(resource: Adoption, facts: HostFacts) -> tuple[Step, ...]:
    now = running(resource.root, facts, resource.service)
    if now is None or not now.unmanaged:
        return ()
    # Already kept and unchanged: the host finds nothing to do. Whether its files changed only the host can tell.
    reason = "it ran before us: kept, so that undo and rollback can return to it"
    args = {"name": resource.service}
    return (Step(f"adopt-{resource.service}", "service.adopt", args, reason, resource.service, deadline_s=300),)


@decide.register
def _(resource: Registration, facts: HostFacts) -> tuple[Step, ...]:
    service = resource.desired.revision.service
    if running(resource.root, facts, service) is not None:
        return ()
    args = create_args(service, registration_of(resource.root, resource.desired.revision))
    return (Step(f"register-{service}", "service.create", args, "service is not registered", service),)


@decide.register
def _(resource: RevisionFolder, facts: HostFacts) -> tuple[Step, ...]:
    desired, revision = resource.desired, resource.desired.revision
    fact = revision_fact(facts, revision.service, revision.name)
    if (fact is not None and fact.complete and not fact.damaged) or desired.archive is None:
        return ()
    manifest = revision.manifest()
    contents = {**desired.contents, MANIFEST: manifest}
    digests = {**revision.files, MANIFEST: revision.manifest_sha256}
    args = {
        "dest": revision.folder(resource.root),
        "archives": [paths.cached(resource.root, desired.archive.sha256)],
        "files": [{"path": path, "data": Blob(digests[path], contents[path])} for path in sorted(contents)],
        "manifest": digests,
        "acl": service_acl(revision.service, registration_of(resource.root, revision).account, "read"),
    }
    reason = f"revision {revision.name} is " + ("missing" if fact is None else "damaged")
    patience_s = _patience_s(desired.archive.size)
    identity = f"revision-{revision.service}"
    composed = Step(identity, "folder.compose", args, reason, revision.service, deadline_s=patience_s)
    return (*_archive(resource.root, desired.archive, facts), composed)


@decide.register
def _(resource: FirewallRule, facts: HostFacts) -> tuple[Step, ...]:
    fact = facts.firewall.get(resource.name)
    found = fact is not None and fact.exists and fact.enabled
    if fact is not None and found and fact.port == resource.port and _same_remote(fact.remote, resource.remote):
        return ()
    args = {**asdict(resource), "present": True}
    reason = "firewall rule differs" if fact is not None and fact.exists else "firewall rule is missing"
    return (Step(f"firewall-{resource.name}", "firewall.ensure", args, reason),)


@decide.register
def _(_resource: SettlingTask, facts: HostFacts) -> tuple[Step, ...]:
    agent = facts.agent
    if agent.task_exists and agent.task_sha == agent.sha and set(agent.modules) <= {agent.sha}:
        return ()
    reason = "settling task is missing" if not agent.task_exists else "another version of the host half is installed"
    return (Step("settling-task", "executor.install", {}, reason, deadline_s=60),)


def _archive(root: str, archive: Archive, facts: HostFacts) -> tuple[Step, ...]:
    path = paths.cached(root, archive.sha256)
    fact = facts.paths.get(path)
    if fact is not None and fact.kind == "file" and fact.sha256 == archive.sha256:
        return ()
    common = {"path": path, "sha256": archive.sha256, "size": archive.size}
    identity, patience_s = f"archive-{archive.sha256[:12]}", _patience_s(archive.size)
    if archive.url is not None:
        args = {**common, "url": archive.url, "headers": {}}
        return (Step(identity, "file.fetch", args, "archive is pulled from the store", deadline_s=patience_s),)
    if archive.path is None:
        raise ValueError(f"archive {archive.sha256} has neither url nor path")
    args = {**common, "data": Blob(archive.sha256, archive.path), "acl": None}
    return (Step(identity, "file.put", args, "archive is pushed to the host", deadline_s=patience_s),)


def cached_archives(root: str, desired: DesiredHost, facts: HostFacts, steps: tuple[Step, ...]) -> tuple[str, ...]:
    """Archives that lie in the host's cache once `steps` were carried out; unpacked, nobody needs them."""
    archives = [*(item.archive for item in desired.services), *(item.archive for item in desired.runtimes)]
    found = {paths.cached(root, archive.sha256) for archive in archives if archive is not None}
    sent = {step.args["path"] for step in steps if step.verb in {"file.fetch", "file.put"}}
    return tuple(sorted(path for path in found if path in sent or _is_file(facts, path)))


def _is_file(facts: HostFacts, path: str) -> bool:
    fact = facts.paths.get(path)
    return fact is not None and fact.kind == "file"


def _patience_s(size: int) -> float:
    return 60.0 + size // BYTES_PER_S


def _same_remote(left: str, right: str) -> bool:
    return {part.strip().casefold() for part in left.split(",")} == {
        part.strip().casefold() for part in right.split(",")
    }
