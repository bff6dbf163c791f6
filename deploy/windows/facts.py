"""The host's answer to `facts` as HostFacts, or as Unknown: a section that failed is never read as "nothing there"."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from deploy.model.facts import (
    Adopted,
    Agent,
    AttestedRelease,
    FirewallFact,
    HostFacts,
    OpenTransaction,
    PathFact,
    ProbeAnswer,
    Process,
    Registration,
    RevisionFact,
    SecretFact,
    ServiceFact,
    Snapshot,
    System,
    Unknown,
)
from deploy.model.problem import Problem
from deploy.model.revision import Revision
from deploy.windows.answer import RegistrationAnswer, RevisionAnswer, Sections, ServiceAnswer
from deploy.wire.errors import CODES, WireError

SECTIONS = tuple(Sections.model_fields)
_NEXT = "run again; if it stays, report it with the run's log"


def parse(host: str, result: Mapping[str, Any]) -> Snapshot:
    """The snapshot of a host; Unknown, naming the section, when one is missing, failed or of another shape."""
    values: dict[str, Any] = {}
    for name in SECTIONS:
        section = result.get(name)
        if not isinstance(section, Mapping) or section.get("ok") is not True or "value" not in section:
            return Unknown(host, _failed(host, name, section))
        values[name] = section["value"]
    try:
        sections = Sections.model_validate(values)
    except ValidationError as exc:
        return Unknown(host, _misshapen(host, exc))
    return _snapshot(host, sections)


def _failed(host: str, name: str, section: object) -> Problem:
    """Why a section has no value."""
    error = section.get("error") if isinstance(section, Mapping) else None
    if not isinstance(error, Mapping):
        return Problem("facts-incomplete", f"{host}: {name}", "the host's answer lacks this section", next=_NEXT)
    told = WireError.from_json(dict(error))
    return Problem("facts-failed", f"{host}: {name}", told.message, next=CODES.get(told.code, _NEXT))


def _misshapen(host: str, exc: ValidationError) -> Problem:
    """The first place that is not as the protocol says; its value isn't shown."""
    first = exc.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return Problem("facts-misshapen", f"{host}: {where}", first["msg"], "what docs/protocol.md says", _NEXT)


def _snapshot(host: str, given: Sections) -> HostFacts:
    task = given.agent.task
    return HostFacts(
        host=host,
        system=System(**given.host.model_dump()),
        agent=Agent(given.agent.sha, tuple(given.agent.modules), task.exists, task.enabled, task.sha),
        lock=given.lock.record,
        lock_held=given.lock.held,
        services={item.name: _service(item) for item in given.services},
        revisions=tuple(_revision(item) for item in given.revisions),
        runtimes=frozenset((item.name, item.version) for item in given.runtimes if item.complete),
        secrets={
            (item.service, item.name): SecretFact(**item.model_dump(include=set(SecretFact.__dataclass_fields__)))
            for item in given.secrets
        },
        paths={item.path: PathFact(**item.model_dump()) for item in given.paths},
        firewall={item.name: FirewallFact(**item.model_dump()) for item in given.firewall},
        transactions=tuple(OpenTransaction(**item.model_dump()) for item in given.transactions),
        releases=tuple(AttestedRelease(**item.model_dump()) for item in given.releases),
        adopted={
            name: Adopted(item.revision, _registration(item.registration), item.folder, item.copy_)
            for name, item in given.adopted.items()
        },
    )


def _service(item: ServiceAnswer) -> ServiceFact:
    """`exists` false: no registration, whatever else was said."""
    registered = item.exists and item.registration is not None
    return ServiceFact(
        name=item.name,
        state=item.state,
        pid=item.pid,
        process=Process(item.process.image, item.process.started) if item.process else None,
        registration=_registration(item.registration) if registered and item.registration else None,
        probe=ProbeAnswer(**item.probe.model_dump()) if item.probe else None,
        ports=tuple((port.address, port.port, port.open) for port in item.ports),
    )


def _registration(item: RegistrationAnswer) -> Registration:
    return Registration(**{**item.model_dump(), "depends_on": tuple(item.depends_on)})


def _revision(item: RevisionAnswer) -> RevisionFact:
    """A manifest that can't be read makes the folder a foreign one, not a missing one."""
    revision = None
    if item.manifest is not None:
        try:
            revision = Revision.from_manifest(item.manifest)
        except (ValueError, TypeError, KeyError):
            revision = None
    return RevisionFact(
        item.service,
        item.folder,
        item.name,
        item.manifest_sha256,
        item.complete,
        revision,
        tuple(item.damaged),
        item.contents,
    )
