"""What a service runs now, read from one host's facts."""

from dataclasses import dataclass

from deploy.model.facts import HostFacts, Registration, RevisionFact, ServiceFact
from deploy.model.revision import UNMANAGED, Revision
from deploy.planning.paths import revision_in
from deploy.planning.registration import differences

NOT_KEPT = UNMANAGED + "new"
"""What ran before us and was not adopted yet: its digest is the host's to compute."""


@dataclass(frozen=True, slots=True)
class Running:
    """A registered service: the revision that its registration names, and its manifest where the host has it."""

    name: str
    revision: Revision | None
    parked: bool
    """Registered, disabled and stopped: it serves nobody."""

    @property
    def unmanaged(self) -> bool:
        """Whether it ran before us."""
        return self.name.startswith(UNMANAGED)


def running(root: str, facts: HostFacts, service: str) -> Running | None:
    """What the service is registered to run; None: it isn't registered."""
    fact = facts.services.get(service)
    if fact is None or fact.registration is None:
        return None
    parked = fact.registration.start == "disabled" and not is_up(fact)
    name = revision_in(root, service, fact.registration.image_path)
    if name is None:
        return Running(_unmanaged(facts, service, fact.registration), None, parked)
    found = revision_fact(facts, service, name)
    return Running(found.name if found else name, found.revision if found else None, parked)


def serving(root: str, facts: HostFacts, service: str) -> str | None:
    """Name of the revision that the service serves with; None: not registered, or parked."""
    now = running(root, facts, service)
    return None if now is None or now.parked else now.name


def revision_fact(facts: HostFacts, service: str, name: str) -> RevisionFact | None:
    """The folder of a revision, or None when the host has none."""
    wanted = (service.casefold(), name.casefold())
    for fact in facts.revisions:
        if (fact.service.casefold(), fact.name.casefold()) == wanted:
            return fact
    return None


def is_up(fact: ServiceFact) -> bool:
    """Whether the service control manager has a process for it, in whatever state."""
    return fact.state.casefold() != "stopped" and fact.registration is not None


def is_running(fact: ServiceFact) -> bool:
    """Whether the service control manager says Running."""
    return fact.state.casefold() == "running"


def answers(fact: ServiceFact) -> bool:
    """Whether it runs and, as far as is known, answers; one that hangs can't be asked to drain.

    A probe that asks for another version than the one that runs fails with an answer all the same.
    """
    if not is_running(fact) or fact.probe is None:
        return is_running(fact)
    return fact.probe.ok or (fact.probe.status is not None and 200 <= fact.probe.status < 300)


def _unmanaged(facts: HostFacts, service: str, registration: Registration) -> str:
    kept = facts.adopted.get(service)
    return kept.revision if kept is not None and not differences(kept.registration, registration) else NOT_KEPT
