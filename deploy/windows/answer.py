"""The shape of the `facts` answer, checked strictly (docs/protocol.md, section 4)."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

TextOrNull = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
NumberOrNull = Annotated[int, BeforeValidator(lambda value: 0 if value is None else value)]
"""Fields that say nothing about what is absent: null reads as "" and 0."""


class _Strict(BaseModel):
    """No coercion: a number as text is an error. Unknown keys are a newer host's, and ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True)


class HostAnswer(_Strict):
    computer: str
    os: str
    build: int
    edition: str
    cores: int
    memory_mb: int
    boot_id: str
    uptime_s: float
    time_utc: float
    powershell: str
    language_mode: str
    elevated: bool
    user: str
    disk_free_mb: int
    disk_total_mb: int
    docker: str | None
    pending_reboot: bool


class TaskAnswer(_Strict):
    exists: bool
    enabled: bool
    sha: str | None


class AgentAnswer(_Strict):
    sha: str
    modules: list[str]
    task: TaskAnswer


class LockAnswer(_Strict):
    record: dict[str, Any] | None
    held: bool


class ProcessAnswer(_Strict):
    image: str
    started: str


class RegistrationAnswer(_Strict):
    image_path: str
    start: str
    account: str
    display_name: str
    description: str
    depends_on: list[str]
    environment: dict[str, str]
    failure_actions: str
    failure_on_non_crash: bool
    sid_type: str


class ProbeAnswered(_Strict):
    ok: bool
    status: int | None
    body: dict[str, Any] | None
    error: str | None


class PortAnswer(_Strict):
    address: str
    port: int
    open: bool


class ServiceAnswer(_Strict):
    name: str
    exists: bool
    state: TextOrNull
    pid: NumberOrNull
    process: ProcessAnswer | None
    registration: RegistrationAnswer | None
    probe: ProbeAnswered | None
    ports: list[PortAnswer]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.exists and (self.registration is None or not self.state):
            raise ValueError("a registered service must have a registration and a state")
        return self


class RevisionAnswer(_Strict):
    service: str
    folder: str
    name: str
    manifest_sha256: TextOrNull
    complete: bool
    manifest: dict[str, Any] | None
    damaged: list[str] = []
    contents: dict[str, str] = {}


class RuntimeAnswer(_Strict):
    name: str
    version: str
    complete: bool


class SecretAnswer(_Strict):
    service: str
    name: str
    exists: bool
    digest: TextOrNull
    protected: bool


class PathAnswer(_Strict):
    path: str
    kind: Literal["file", "dir", "absent"]
    size: NumberOrNull
    sha256: TextOrNull
    protected: bool


class FirewallAnswer(_Strict):
    name: str
    exists: bool
    port: NumberOrNull
    remote: TextOrNull
    enabled: bool


class TransactionAnswer(_Strict):
    tx: str
    run: TextOrNull
    state: str
    step: TextOrNull
    since: TextOrNull
    executor_alive: bool
    error: TextOrNull


class ReleaseAnswer(_Strict):
    release: str
    run: str
    at: str
    status: str
    revisions: dict[str, str]


class AdoptedAnswer(_Strict):
    revision: str
    registration: RegistrationAnswer
    folder: str
    copy_: str = Field(alias="copy")


class Sections(_Strict):
    """All sections' values."""

    host: HostAnswer
    agent: AgentAnswer
    lock: LockAnswer
    services: list[ServiceAnswer]
    revisions: list[RevisionAnswer]
    runtimes: list[RuntimeAnswer]
    secrets: list[SecretAnswer]
    paths: list[PathAnswer]
    firewall: list[FirewallAnswer]
    transactions: list[TransactionAnswer]
    releases: list[ReleaseAnswer]
    adopted: dict[str, AdoptedAnswer]
