"""A revision: what a service runs on a host, all of it immutable and described by its revision.json."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from deploy.model.release import StateSchema

UNMANAGED = "unmanaged@"


@dataclass(frozen=True, slots=True)
class Probe:
    """How health is asked, as in docs/protocol.md. `url` and `address` are complete."""

    kind: str
    url: str = ""
    address: str = ""
    port: int = 0
    expect: dict[str, str | int | bool] = field(default_factory=dict)
    timeout_s: float = 5.0


@dataclass(frozen=True, slots=True)
class DrainStep:
    """How it drains: POST `url`, wait until `done_url` answers with the field; undo with POST `undo_url`."""

    url: str
    undo_url: str
    done_url: str = ""
    done_field: str = ""
    done_equals: str | int | bool | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """Registration of a service, and how it is stopped, started, judged. `{folder}`: the revision's folder."""

    image_path: str
    display_name: str
    description: str
    account: str
    start: str
    depends_on: tuple[str, ...]
    environment: dict[str, str]
    failure_actions: str
    failure_on_non_crash: bool
    sid_type: str
    ports: tuple[tuple[str, int], ...]
    on_stop_timeout: str
    probe: Probe
    drain: DrainStep | None
    secrets: tuple[str, ...]
    drain_s: float
    stop_s: float
    start_s: float
    healthy_s: float
    min_healthy_s: float


@dataclass(frozen=True)
class Revision:
    """Artifact + rendered configuration + runtime + definition. Files map relative paths to SHA-256 (lower hex)."""

    service: str
    version: str
    artifact: str
    artifact_sha256: str
    commit: str
    entry: str
    build: str
    files: dict[str, str]
    config: dict[str, str]
    """Rendered files, a subset of `files`."""
    templates_sha256: str
    """Digest of the templates' sources: the same on every host of a release (parity)."""
    runtime: str | None
    runtime_version: str | None
    state_schema: StateSchema
    reversible: bool
    definition: Definition

    def manifest(self) -> bytes:
        """revision.json: canonical, so that the same revision has the same bytes everywhere."""
        value = {"format": 1, **asdict(self)}
        return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=True).encode("ascii") + b"\n"

    @cached_property
    def manifest_sha256(self) -> str:
        """SHA-256 of revision.json; its first 12 digits are the revision's name."""
        return hashlib.sha256(self.manifest()).hexdigest()

    @property
    def name(self) -> str:
        """`<version>-<12 hex>`: the name of its folder, and what status, plan and history show."""
        return f"{self.version}-{self.manifest_sha256[:12]}"

    def folder(self, root: str) -> str:
        """Its folder on a host."""
        return rf"{root}\releases\{self.service}\{self.name}"

    @classmethod
    def from_manifest(cls, value: dict[str, Any]) -> "Revision":
        """Reads a parsed revision.json; raises ValueError for one of another format."""
        if value.get("format") != 1:
            raise ValueError(f"revision.json has format {value.get('format')!r}; this version reads 1")
        fields = {key: item for key, item in value.items() if key != "format"}
        definition = dict(fields.pop("definition"))
        drain = definition.pop("drain")
        schema = fields.pop("state_schema")
        return cls(
            **fields,
            state_schema=StateSchema(schema["writes"], tuple(schema["reads"])),
            definition=Definition(
                **{
                    **definition,
                    "probe": Probe(**definition["probe"]),
                    "drain": DrainStep(**drain) if drain else None,
                    "depends_on": tuple(definition["depends_on"]),
                    "secrets": tuple(definition["secrets"]),
                    "ports": tuple((address, port) for address, port in definition["ports"]),
                }
            ),
        )
