"""What one service on one host is to become: a revision, what ran before us, or nothing (parked)."""

import ntpath
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from deploy.model.desired import DesiredSecret, DesiredService
from deploy.model.facts import Adopted, Registration
from deploy.model.revision import Definition, Probe, Revision
from deploy.planning import paths
from deploy.planning.registration import registration_of


@dataclass(frozen=True, slots=True)
class Goal:
    """A service that is to serve. `folder`: where its process's image must lie; `manifest_sha256` None: not asked."""

    slug: str
    service: str
    name: str
    registration: Registration
    folder: str
    manifest_sha256: str | None
    probe: Probe
    definition: Definition
    """Ports and deadlines; for what ran before us those of the revision that replaces it."""
    revision: Revision | None = None
    secrets: tuple[DesiredSecret, ...] = ()
    contents: dict[str, str] = field(default_factory=dict, repr=False)
    """Rendered configuration, as far as it is known and text."""


@dataclass(frozen=True, slots=True)
class Parked:
    """A service that is to be registered, disabled and stopped: it was not there before."""

    slug: str
    service: str


Wanted = Goal | Parked


def goal_of(root: str, desired: DesiredService) -> Goal:
    """The goal of a deploy."""
    goal = revision_goal(root, desired.slug, desired.revision, desired.secrets)
    return replace(goal, contents={name: text.decode("utf-8", "replace") for name, text in desired.contents.items()})


def revision_goal(root: str, slug: str, revision: Revision, secrets: tuple[DesiredSecret, ...]) -> Goal:
    """A goal from a revision; only the secrets that it names are its own."""
    registration, folder = registration_of(root, revision), revision.folder(root)
    # A program outside the revision's folder (a runtime's, say) can't show by its image which revision it is.
    own = paths.under(paths.program(registration.image_path), folder)
    return Goal(
        slug=slug,
        service=revision.service,
        name=revision.name,
        registration=registration,
        folder=folder if own else ntpath.dirname(paths.program(registration.image_path)),
        manifest_sha256=revision.manifest_sha256 if own else None,
        probe=revision.definition.probe,
        definition=revision.definition,
        revision=revision,
        secrets=tuple(secret for secret in secrets if secret.name in revision.definition.secrets),
    )


def adopted_goal(slug: str, service: str, adopted: Adopted, definition: Definition) -> Goal:
    """A goal that returns to what ran before us: judged by process, image and port."""
    image = paths.program(adopted.registration.image_path)
    port = next(iter(definition.ports), None)
    probe = Probe(kind="tcp", address=port[0], port=port[1]) if port else Probe(kind="process")
    return Goal(
        slug=slug,
        service=service,
        name=adopted.revision,
        registration=adopted.registration,
        folder=ntpath.dirname(image),
        manifest_sha256=None,
        probe=probe,
        definition=definition,
    )


def probe_args(probe: Probe) -> dict[str, Any]:
    """A probe as docs/protocol.md has it: only the fields of its kind."""
    names = {
        "http": ("kind", "url", "expect", "timeout_s"),
        "ws": ("kind", "url", "timeout_s"),
        "tcp": ("kind", "address", "port", "timeout_s"),
        "process": ("kind",),
    }[probe.kind]
    return {name: value for name, value in asdict(probe).items() if name in names}


def port_args(ports: tuple[tuple[str, int], ...]) -> list[dict[str, Any]]:
    """Ports as docs/protocol.md has them."""
    return [{"address": address, "port": port} for address, port in ports]
