"""The hash that approves a plan: release, hosts, steps, expectations, waves; no volatile fact, no bytes, no secret."""

import hashlib
import json
from dataclasses import fields, is_dataclass
from typing import Any

from deploy.model.plan import HostPlan, Move, Wave
from deploy.model.step import Blob, Step


def plan_hash(
    *,
    kind: str,
    environment: str,
    release: str,
    limited: bool,
    hosts: tuple[HostPlan, ...],
    waves: tuple[Wave, ...],
) -> str:
    """SHA-256 in lower hex; the same for the same work on the same hosts."""
    value = {
        "format": 1,
        "kind": kind,
        "environment": environment,
        "release": release,
        "limited": limited,
        "hosts": hosts,
        "waves": waves,
    }
    text = json.dumps(_plain(value), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(_parts(value))
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"a plan holds no {type(value).__name__}")


def _parts(value: Any) -> dict[str, Any]:
    """What of a part of the plan counts; reasons and diffs are for people: another wording is not another plan."""
    if isinstance(value, Blob):
        return {"blob": value.label}
    uncounted = {"reason", "diff"} if isinstance(value, Step | Move) else set()
    return {field.name: getattr(value, field.name) for field in fields(value) if field.name not in uncounted}
