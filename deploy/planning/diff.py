"""What changes for one service, line by line, for people. Secrets appear as keyed digests only."""

from dataclasses import replace
from difflib import ndiff
from typing import Any

from deploy.model.facts import HostFacts, Registration
from deploy.model.revision import Revision
from deploy.planning.goal import Goal, Wanted
from deploy.planning.registration import differences
from deploy.planning.running import Running, revision_fact, running

DIGITS = 8
MAX_LINES = 20
_FIELDS = (
    ("version", "version"),
    ("build", "build"),
    ("commit", "commit"),
    ("runtime", "runtime"),
    ("runtime_version", "runtime version"),
)


def move_diff(root: str, facts: HostFacts, wanted: Wanted) -> tuple[str, ...]:
    """Lines for one move; a service that is parked has one line."""
    if not isinstance(wanted, Goal):
        return ("it is stopped and disabled",)
    found = running(root, facts, wanted.service)
    # A parked service serves nobody: what it is to become is all new.
    now = None if found is None or found.parked else found
    old = now.revision if now else None
    return (
        *_artifact(old, wanted),
        *_config(facts, now, wanted),
        *_registration(root, facts, now, wanted),
        *_secrets(facts, wanted),
    )


def _artifact(old: Revision | None, goal: Goal) -> list[str]:
    if goal.revision is None:
        return [f"back to what ran before: {goal.name}"]
    if old is None:
        return [f"version: {goal.revision.version} (new here)"]
    pairs = ((label, getattr(old, name), getattr(goal.revision, name)) for name, label in _FIELDS)
    return [f"{label}: {short(before)} → {short(after)}" for label, before, after in pairs if before != after]


def _config(facts: HostFacts, now: Running | None, goal: Goal) -> list[str]:
    if goal.revision is None:
        return []
    after = goal.revision.config
    if now is None:
        return [f"configuration {name}: new" for name in sorted(after)]
    if now.revision is None:
        return [f"configuration {name}: new, what was there before is not known" for name in sorted(after)]
    before = now.revision.config
    fact = revision_fact(facts, goal.service, now.name)
    known = fact.contents if fact is not None else {}
    return [
        line
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
        for line in _file(name, (before.get(name), after.get(name)), (known.get(name), goal.contents.get(name)))
    ]


def _file(name: str, digests: tuple[str | None, str | None], texts: tuple[str | None, str | None]) -> list[str]:
    """Changed lines of a file where both texts are known, else its digests."""
    before, after = texts
    if before is None or after is None:
        return [f"configuration {name}: {short(digests[0])} → {short(digests[1])}"]
    changed = [line for line in ndiff(before.splitlines(), after.splitlines()) if line[:2] in ("- ", "+ ")]
    shown = [f"  {line}" for line in changed[:MAX_LINES]]
    rest = len(changed) - len(shown)
    return [f"configuration {name}:", *shown, *([f"  … {rest} more lines"] if rest else [])]


def _registration(root: str, facts: HostFacts, now: Running | None, goal: Goal) -> list[str]:
    """Fields that differ by more than the revision's folder, which the move's own line tells."""
    fact = facts.services.get(goal.service)
    if now is None or fact is None or fact.registration is None:
        return []
    live = _without(fact.registration, now.revision.folder(root) if now.revision else None)
    wanted = _without(goal.registration, goal.revision.folder(root) if goal.revision else None)
    return [line for name, want, have in differences(wanted, live) for line in _field(name, have, want)]


def _without(registration: Registration, folder: str | None) -> Registration:
    if folder is None:
        return registration
    environment = {key: value.replace(folder, "{folder}") for key, value in registration.environment.items()}
    image_path = registration.image_path.replace(folder, "{folder}")
    return replace(registration, image_path=image_path, environment=environment)


def _field(name: str, before: Any, after: Any) -> list[str]:
    if name != "environment":
        return (
            [f"registration {name}:", f"  {_text(before)}", f"  → {_text(after)}"]
            if name == "image_path"
            else [f"registration {name}: {_text(before)} → {_text(after)}"]
        )
    # Values may be long or private: which variables differ is enough to look them up.
    changed = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
    return [f"registration environment: {', '.join(changed)} differ"]


def _secrets(facts: HostFacts, goal: Goal) -> list[str]:
    lines = []
    for secret in goal.secrets:
        fact = facts.secrets.get((goal.service, secret.name))
        before = fact.digest if fact is not None and fact.exists else None
        if before != secret.digest:
            lines.append(f"secret {secret.name}: {short(before)} → {short(secret.digest)}")
        elif fact is not None and not fact.protected:
            lines.append(f"secret {secret.name}: its file is not protected")
    return lines


def short(value: str | None) -> str:
    """A digest's first digits; anything else as it is, `none` for nothing."""
    if not value:
        return "none"
    return f"{value[:DIGITS]}…" if len(value) >= 40 and " " not in value else value


def _text(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or "none"
    return str(value) if value != "" else "none"
