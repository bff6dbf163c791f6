"""Facts for pyinfra: sections of the one snapshot that a host's worker takes, never read as absent when it failed."""

import json
from dataclasses import asdict
from typing import Any

from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from deploy.model.facts import HostFacts
from deploy.windows.commands import SnapshotCommand


class SnapshotFact(FactBase[Any]):
    """Base of all; None means that the host could not be asked."""

    abstract = True

    @staticmethod
    def section(facts: HostFacts) -> Any:
        """What the fact is about, as JSON."""
        raise NotImplementedError(facts.host)

    def command(self) -> StringCommand:
        """The connector answers it from the snapshot."""
        return SnapshotCommand(type(self).__name__, type(self).section)

    def process(self, output: list[str]) -> Any:
        """The section, from JSON."""
        try:
            return json.loads(output[-1])
        except (ValueError, IndexError) as exc:
            raise FactProcessError("the snapshot's answer is no JSON") from exc


class System(SnapshotFact):
    """The machine."""

    @staticmethod
    def section(facts: HostFacts) -> Any:
        """Fields of model.facts.System."""
        return asdict(facts.system)


class Services(SnapshotFact):
    """Services by name; `registration` is null for one that isn't registered."""

    @staticmethod
    def section(facts: HostFacts) -> Any:
        """Fields of model.facts.ServiceFact."""
        return {name: asdict(fact) for name, fact in facts.services.items()}


class Revisions(SnapshotFact):
    """Revisions on the host: service, name, folder, whether complete."""

    @staticmethod
    def section(facts: HostFacts) -> Any:
        """A list."""
        return [
            {"service": fact.service, "name": fact.name, "folder": fact.folder, "complete": fact.complete}
            for fact in facts.revisions
        ]


class Runtimes(SnapshotFact):
    """Complete runtimes: name and version."""

    @staticmethod
    def section(facts: HostFacts) -> Any:
        """A sorted list of pairs."""
        return sorted(facts.runtimes)


class Transactions(SnapshotFact):
    """Transactions that have not ended."""

    @staticmethod
    def section(facts: HostFacts) -> Any:
        """Fields of model.facts.OpenTransaction."""
        return [asdict(fact) for fact in facts.transactions]
