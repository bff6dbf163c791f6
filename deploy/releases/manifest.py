"""Artifacts and releases as JSON: canonical, so that any changed byte is found when they are read."""

import hashlib
import json
from dataclasses import asdict
from typing import Any

from deploy.model.problem import Problem, Refused
from deploy.model.release import Artifact, Release, StateSchema

FORMAT = 1


def canonical(value: dict[str, Any]) -> bytes:
    """The one spelling of a JSON object: sorted keys, ASCII, one trailing newline."""
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=True).encode("ascii") + b"\n"


def sha256(content: bytes) -> str:
    """Lower hex."""
    return hashlib.sha256(content).hexdigest()


def artifact_bytes(artifact: Artifact) -> bytes:
    """The manifest that lies beside the zip."""
    return canonical({"format": FORMAT, **asdict(artifact)})


def read_artifact(content: bytes, where: str) -> Artifact:
    """Reads a manifest; raises Refused when it isn't one."""
    value = _object(content, where)
    try:
        schema = value.pop("state_schema")
        return Artifact(**value, state_schema=StateSchema(schema["writes"], tuple(schema["reads"])))
    except (KeyError, TypeError) as exc:
        raise Refused(damaged(where, f"is not a manifest of format {FORMAT}")) from exc


def release_bytes(release: Release) -> bytes:
    """The release's file: artifacts pinned by the digests of zip and manifest, and a digest of it all."""
    value: dict[str, Any] = {
        "format": FORMAT,
        "name": release.name,
        "base": release.base,
        "built_at": release.built_at,
        "containers": release.containers,
        "artifacts": {name: _pin(artifact) for name, artifact in release.artifacts.items()},
    }
    return canonical({**value, "digest": sha256(canonical(value))})


def read_release(content: bytes, where: str) -> dict[str, Any]:
    """The release's file as an object, checked against its own digest; artifacts are still pins."""
    value = _object(content, where)
    digest = value.pop("digest", None)
    if digest != sha256(canonical({"format": FORMAT, **value})):
        raise Refused(damaged(where, "does not fit its own digest"))
    return value


def damaged(where: str, what: str) -> Problem:
    """The store holds something else than what was put there."""
    return Problem(
        "store-damaged", where, what, "the bytes that were published", "restore the file, or build a new release"
    )


def _pin(artifact: Artifact) -> dict[str, str]:
    return {
        "version": artifact.version,
        "sha256": artifact.sha256,
        "manifest_sha256": sha256(artifact_bytes(artifact)),
    }


def _object(content: bytes, where: str) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except ValueError as exc:
        raise Refused(damaged(where, "is not JSON")) from exc
    if not isinstance(value, dict) or canonical(value) != content:
        raise Refused(damaged(where, "is not in the toolkit's own spelling"))
    if value.pop("format", None) != FORMAT:
        raise Refused(damaged(where, f"has a format that this version does not read (it reads {FORMAT})"))
    return value
