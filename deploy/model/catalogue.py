"""The catalogue: what the trading system consists of. One schema validates system.toml and writes its reference."""

from datetime import date, time
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(ge=0, le=3600)]
Version = Annotated[str, StringConstraints(pattern=r"^\d+(\.\d+){0,3}$")]
EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,19}$")]


class Entry(BaseModel):
    """Base of everything in the catalogue: frozen, unknown keys refused, values never shown in errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Runtime(Entry):
    """A runtime that services need, at one exact version, installed side by side."""

    name: Slug = Field(description="Name, such as `dotnet`, `python` or `node`.")
    version: Version = Field(description="Exact version; also the name of its folder.")
    eol: date = Field(description="Last day of support. Later plans warn, or refuse where `eol_enforced_in` says so.")
    archive: str = Field(description="File name in the store's `runtimes/` folder.")
    sha256: str | None = Field(
        default=None, description="SHA-256 of the archive; without it, that of the store's index."
    )


class Waiver(Entry):
    """Permission to run a runtime past its end of life; it has an owner and an end."""

    runtime: Slug
    version: Version
    environments: tuple[EnvironmentName, ...] = Field(min_length=1)
    owner: str = Field(min_length=1, description="Who answers for it.")
    until: date = Field(description="Last day on which it counts.")
    reason: str = Field(min_length=1)


class Freeze(Entry):
    """A period without deploys."""

    start: AwareDatetime
    end: AwareDatetime
    reason: str = Field(min_length=1)
    environments: tuple[EnvironmentName, ...] = Field(min_length=1)


class Calendar(Entry):
    """When the market is open: no deploy then where it is enforced. Never blocks a rollback."""

    timezone: str = "America/Sao_Paulo"
    opens: time = time(9, 0)
    closes: time = time(18, 0)
    weekdays: tuple[Annotated[int, Field(ge=0, le=6)], ...] = Field(default=(0, 1, 2, 3, 4), description="0 is Monday.")
    enforced_in: tuple[EnvironmentName, ...] = ("prod",)
    freezes: tuple[Freeze, ...] = ()


class Broker(Entry):
    """The counterparty whose distance decides whether a host is good enough."""

    address: str
    port: Port
    max_latency_ms: float = Field(gt=0)


class HostMinima(Entry):
    """What preflight asks of every host."""

    os_build: int = Field(default=17763, ge=0, description="Least Windows build: 17763 is Server 2019.")
    cores: int = Field(default=2, ge=1)
    memory_mb: int = Field(default=2048, ge=1)
    disk_free_mb: int = Field(default=2048, ge=1)
    clock_skew_s: float = Field(default=2.0, gt=0, description="Between controller and host.")
    broker: Broker | None = None


class Health(Entry):
    """How a service shows that it is well."""

    kind: Literal["http", "ws", "tcp", "process"] = "http"
    path: str = Field(default="/health", description="Path of the HTTP or WebSocket address.")
    expect: dict[str, str | int | bool] = Field(default={}, description="Fields of the JSON answer and their values.")
    version_field: str | None = Field(default=None, description="Field that reports the artifact's version.")
    build_field: str | None = Field(default=None, description="Field that reports the entry point's SHA-256.")
    timeout_s: Seconds = 5.0


class Drain(Entry):
    """How a service is asked to finish its work before it is stopped."""

    path: str = "/drain"
    undo_path: str = "/resume"
    done_path: str = "/health"
    done_field: str | None = Field(default=None, description="Field of the answer that tells when it is drained.")
    done_equals: str | int | bool | None = None


class Recovery(Entry):
    """Recovery actions of the service control manager: restart after each delay, the last one repeats."""

    restart_after_s: tuple[Seconds, ...] = (5, 15, 60)
    reset_after_s: int = Field(default=86400, ge=0)
    on_non_crash: bool = True


class Deadlines(Entry):
    """Seconds that each part of a cutover may take."""

    drain_s: Seconds = 30
    stop_s: Seconds = 45
    start_s: Seconds = 30
    healthy_s: Seconds = 60
    min_healthy_s: Seconds = Field(default=10, description="How long a service must stay healthy, same process.")


class Template(Entry):
    """A file of configuration, rendered for each host and stored in the revision."""

    source: str = Field(description="Path under `templates/`.")
    target: str = Field(description="Path inside the revision's folder, with forward slashes.")
    schema_: str | None = Field(
        default=None, alias="schema", description="JSON Schema under `templates/` that it must obey."
    )


class Service(Entry):
    """A service of the trading system."""

    name: str = Field(
        pattern=r"^[A-Za-z][A-Za-z0-9._-]{0,79}$",
        description="Name in the service control manager, or of the container.",
    )
    display_name: str = ""
    description: str = ""
    kind: Literal["windows", "container"] = "windows"
    artifact: Slug = Field(description="Artifact's name in releases.")
    group: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Inventory group whose hosts run it.")
    runtime: Slug | None = None
    runtime_version: Version | None = None
    port: Port
    arguments: tuple[str, ...] = Field(
        default=(),
        description="After the entry point; `{folder}`, `{runtime}`, `{address}`, `{port}`, `{root}` are filled in.",
    )
    environment: dict[str, str] = Field(default={}, description="Not for secrets. The same fields are filled in.")
    health: Health = Health()
    drain: Drain | None = None
    depends_on: tuple[Slug, ...] = ()
    restarts_with: tuple[Slug, ...] = Field(
        default=(), description="Dependencies whose restart it can't bear: same wave."
    )
    scm_depends_on: bool = Field(default=False, description="Also tell Windows of `depends_on`.")
    single_writer: bool = False
    failure_domain: Slug = "trading"
    start: Literal["auto", "delayed-auto", "manual"] = "auto"
    recovery: Recovery | None = Recovery()
    account: str = Field(
        default="virtual",
        pattern=r"^(virtual|LocalSystem|NT AUTHORITY\\(LocalService|NetworkService)|[^\\/]+\\[^\\/]+\$)$",
        description=r"`virtual` (NT SERVICE\<name>), a built-in account, or a gMSA (`DOMAIN\name$`).",
    )
    templates: tuple[Template, ...] = ()
    secrets: tuple[Slug, ...] = ()
    deadlines: Deadlines = Deadlines()
    on_stop_timeout: Literal["stuck", "kill"] = Field(default="kill", description="`stuck` pages a human instead.")
    slo_percent: float = Field(default=99.9, gt=0, lt=100)


class Catalogue(Entry):
    """inventories/system.toml."""

    format: Literal[1]
    root: str = Field(default=r"C:\TradingSystem", pattern=r"^[A-Za-z]:\\[^/:*?\"<>|]+$")
    calendar: Calendar = Calendar()
    host: HostMinima = HostMinima()
    eol_enforced_in: tuple[EnvironmentName, ...] = ("prod",)
    runtime: tuple[Runtime, ...] = ()
    waiver: tuple[Waiver, ...] = ()
    service: dict[Slug, Service] = Field(min_length=1, description="By short name, such as `order-manager`.")

    def runtime_of(self, service: Service) -> Runtime | None:
        """The runtime that the service needs, or None."""
        for runtime in self.runtime:
            if (runtime.name, runtime.version) == (service.runtime, service.runtime_version):
                return runtime
        return None

    def waived(self, runtime: Runtime, environment: str, today: date) -> Waiver | None:
        """The waiver that counts today, or None."""
        for waiver in self.waiver:
            same = (waiver.runtime, waiver.version) == (runtime.name, runtime.version)
            if same and environment in waiver.environments and today <= waiver.until:
                return waiver
        return None
