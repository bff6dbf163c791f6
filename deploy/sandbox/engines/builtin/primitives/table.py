"""All primitive verbs, and how one is looked up and its arguments checked."""

from typing import Any

from deploy.sandbox.engines.builtin.primitives.adoption import ADOPTION_VERBS
from deploy.sandbox.engines.builtin.primitives.arguments import wrong_numbers
from deploy.sandbox.engines.builtin.primitives.attestation import ATTESTATION_VERBS
from deploy.sandbox.engines.builtin.primitives.compose import COMPOSE_VERBS
from deploy.sandbox.engines.builtin.primitives.drain import DRAIN_VERBS
from deploy.sandbox.engines.builtin.primitives.files import FILE_VERBS
from deploy.sandbox.engines.builtin.primitives.folders import FOLDER_VERBS
from deploy.sandbox.engines.builtin.primitives.health import HEALTH_VERBS
from deploy.sandbox.engines.builtin.primitives.installation import INSTALLATION_VERBS
from deploy.sandbox.engines.builtin.primitives.primitive import Primitive
from deploy.sandbox.engines.builtin.primitives.services import SERVICE_VERBS
from deploy.sandbox.engines.builtin.primitives.settings import SETTING_VERBS
from deploy.wire.errors import WireError

PRIMITIVES: dict[str, Primitive] = {
    **FOLDER_VERBS,
    **FILE_VERBS,
    **COMPOSE_VERBS,
    **SERVICE_VERBS,
    **HEALTH_VERBS,
    **DRAIN_VERBS,
    **ADOPTION_VERBS,
    **SETTING_VERBS,
    **INSTALLATION_VERBS,
    **ATTESTATION_VERBS,
}


def primitive_of(step: dict[str, Any], table: dict[str, Primitive] = PRIMITIVES) -> Primitive:
    """The primitive of a step; raises WireError `bad-request` for an unknown verb or wrong arguments."""
    primitive = table.get(str(step["verb"]))
    where = str(step["id"])
    if primitive is None:
        raise WireError("bad-request", f"there is no verb {step['verb']!r}", where=where)
    given = frozenset(step["args"])
    if missing := sorted(primitive.required - given):
        raise WireError("bad-request", f"{step['verb']}: without {', '.join(missing)}", where=where, expected=missing)
    if unknown := sorted(given - primitive.required - primitive.optional):
        raise WireError("bad-request", f"{step['verb']}: unknown {', '.join(unknown)}", where=where, actual=unknown)
    if wrong := wrong_numbers(step["args"]):
        raise WireError("bad-request", f"{step['verb']}: {', '.join(wrong)} out of its range or no number", where=where)
    return primitive
