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

    runtime: Slug = Field(description="Name of a `runtime` entry.")
    version: Version = Field(description="Its exact version.")
    environments: tuple[EnvironmentName, ...] = Field(min_length=1, description="Where it counts.")
    owner: str = Field(min_length=1, description="Who answers for it.")
    until: date = Field(description="Last day on which it counts.")
    reason: str = Field(min_length=1, description="Why, and what will end it.")


class Freeze(Entry):
    """A period without deploys."""

    start: AwareDatetime = Field(description="First moment of it.")
    end: AwareDatetime = Field(description="First moment after it.")
    reason: str = Field(min_length=1, description="Shown to whom it stops.")
    environments: tuple[EnvironmentName, ...] = Field(min_length=1, description="Where it counts.")


class Calendar(Entry):
    """When the market is open: no deploy then where it is enforced. Never blocks a rollback."""

    timezone: str = Field(default="America/Sao_Paulo", description="IANA name of the market's time zone.")
    opens: time = Field(default=time(9, 0), description="Local time.")
    closes: time = Field(default=time(18, 0), description="Local time.")
    weekdays: tuple[Annotated[int, Field(ge=0, le=6)], ...] = Field(default=(0, 1, 2, 3, 4), description="0 is Monday.")
    enforced_in: tuple[EnvironmentName, ...] = Field(
        default=("prod",), description="Where market hours refuse a deploy."
    )
    freezes: tuple[Freeze, ...] = Field(default=(), description="Periods without deploys.")


class Broker(Entry):
    """The counterparty whose distance decides whether a host is good enough."""

    address: str = Field(description="Name or IP address.")
    port: Port = Field(description="TCP port to connect to.")
    max_latency_ms: float = Field(gt=0, description="Most that a connection may take.")


class HostMinima(Entry):
    """What preflight asks of every host."""

    os_build: int = Field(default=17763, ge=0, description="Least Windows build: 17763 is Server 2019.")
    cores: int = Field(default=2, ge=1, description="Least number of logical processors.")
    memory_mb: int = Field(default=2048, ge=1, description="Least memory.")
    disk_free_mb: int = Field(default=2048, ge=1, description="Least free space on the root's disk.")
    clock_skew_s: float = Field(default=2.0, gt=0, description="Between controller and host.")
    broker: Broker | None = Field(default=None, description="Measured from the host; not asked for unless given.")


class Health(Entry):
    """How a service shows that it is well."""

    kind: Literal["http", "ws", "tcp", "process"] = Field(
        default="http", description="What is asked: HTTP, a WebSocket handshake, a connection, or only the process."
    )
    path: str = Field(default="/health", description="Path of the HTTP or WebSocket address.")
    expect: dict[str, str | int | bool] = Field(default={}, description="Fields of the JSON answer and their values.")
    version_field: str | None = Field(default=None, description="Field that reports the artifact's version.")
    build_field: str | None = Field(default=None, description="Field that reports the entry point's SHA-256.")
    timeout_s: Seconds = Field(default=5.0, description="Of one attempt.")


class Drain(Entry):
    """How a service is asked to finish its work before it is stopped."""

    path: str = Field(default="/drain", description="POST here starts it.")
    undo_path: str = Field(default="/resume", description="POST here takes it back.")
    done_path: str = Field(default="/health", description="GET here tells how far it is.")
    done_field: str | None = Field(default=None, description="Field of the answer that tells when it is drained.")
    done_equals: str | int | bool | None = Field(default=None, description="Its value then.")


class Recovery(Entry):
    """Recovery actions of the service control manager: restart after each delay, the last one repeats."""

    restart_after_s: tuple[Seconds, ...] = Field(
        default=(5, 15, 60), description="Delay of the first restart, the second, …"
    )
    reset_after_s: int = Field(
        default=86400, ge=0, description="After this time without a failure, count from the first again."
    )
    on_non_crash: bool = Field(default=True, description="Also when it stops with an error instead of crashing.")


class Deadlines(Entry):
    """Seconds that each part of a cutover may take."""

    drain_s: Seconds = Field(default=30, description="Until it has finished its work.")
    stop_s: Seconds = Field(default=45, description="Until its process is gone and its port free.")
    start_s: Seconds = Field(default=30, description="Until Windows calls it Running.")
    healthy_s: Seconds = Field(default=60, description="Until it has been healthy for `min_healthy_s`.")
    min_healthy_s: Seconds = Field(default=10, description="How long a service must stay healthy, same process.")


class DeadlineChanges(Entry):
    """Deadlines that differ in one environment; what isn't named stays."""

    drain_s: Seconds | None = None
    stop_s: Seconds | None = None
    start_s: Seconds | None = None
    healthy_s: Seconds | None = None
    min_healthy_s: Seconds | None = None


class EnvironmentChanges(Entry):
    """What differs in one environment."""

    deadlines: DeadlineChanges = Field(default=DeadlineChanges(), description="For every service.")


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
    display_name: str = Field(default="", description="As the services console shows it; `name` unless given.")
    description: str = Field(default="", description="The line below it there.")
    kind: Literal["windows", "container"] = Field(default="windows", description="Native service or container.")
    artifact: Slug = Field(description="Artifact's name in releases.")
    group: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Inventory group whose hosts run it.")
    runtime: Slug | None = Field(default=None, description="Name of a `runtime` entry.")
    runtime_version: Version | None = Field(default=None, description="Its exact version.")
    port: Port = Field(description="Where it listens, on the host's `service_address`.")
    arguments: tuple[str, ...] = Field(
        default=(),
        description="After the entry point; `{folder}`, `{runtime}`, `{address}`, `{port}`, `{root}` are filled in.",
    )
    environment: dict[str, str] = Field(default={}, description="Not for secrets. The same fields are filled in.")
    health: Health = Field(default=Health(), description="How it shows that it is well.")
    drain: Drain | None = Field(default=None, description="How it finishes its work; it isn't drained unless given.")
    depends_on: tuple[Slug, ...] = Field(default=(), description="Services that are cut over before it.")
    restarts_with: tuple[Slug, ...] = Field(
        default=(), description="Dependencies whose restart it can't bear: same wave."
    )
    scm_depends_on: bool = Field(default=False, description="Also tell Windows of `depends_on`.")
    single_writer: bool = Field(default=False, description="Two at once would do harm: one host, a wave of its own.")
    failure_domain: Slug = Field(
        default="trading", description="Services of one domain converge to one release together."
    )
    start: Literal["auto", "delayed-auto", "manual"] = Field(default="auto", description="When Windows starts it.")
    recovery: Recovery | None = Field(default=Recovery(), description="What Windows does when it fails.")
    account: str = Field(
        default="virtual",
        pattern=r"^(virtual|LocalSystem|NT AUTHORITY\\(LocalService|NetworkService)|[^\\/]+\\[^\\/]+\$)$",
        description=r"`virtual` (NT SERVICE\<name>), a built-in account, or a gMSA (`DOMAIN\name$`).",
    )
    templates: tuple[Template, ...] = Field(default=(), description="Its configuration files.")
    secrets: tuple[Slug, ...] = Field(default=(), description="Names; each is a file in the folder of its secrets.")
    deadlines: Deadlines = Field(default=Deadlines(), description="How long each part of its cutover may take.")
    on_stop_timeout: Literal["stuck", "kill"] = Field(default="kill", description="`stuck` pages a human instead.")
    slo_percent: float = Field(default=99.9, gt=0, lt=100, description="Uptime that is promised for it.")


class Catalogue(Entry):
    """inventories/system.toml."""

    format: Literal[1] = Field(description="Version of this format.")
    root: str = Field(
        default=r"C:\TradingSystem",
        pattern=r"^[A-Za-z]:\\[^/:*?\"<>|]+$",
        description="Folder of everything on a host.",
    )
    calendar: Calendar = Field(default=Calendar(), description="When no deploy may run.")
    host: HostMinima = Field(default=HostMinima(), description="What every host must have.")
    eol_enforced_in: tuple[EnvironmentName, ...] = Field(
        default=("prod",), description="Where a runtime past its end of life needs a waiver."
    )
    runtime: tuple[Runtime, ...] = Field(default=(), description="Runtimes with their end of life.")
    waiver: tuple[Waiver, ...] = Field(default=(), description="Permissions to go on with one that has ended.")
    environments: dict[EnvironmentName, EnvironmentChanges] = Field(
        default={}, description="What differs in one environment, by its name."
    )
    service: dict[Slug, Service] = Field(min_length=1, description="By short name, such as `order-manager`.")

    def for_environment(self, environment: str) -> "Catalogue":
        """The catalogue with that environment's changes applied; callers plan with nothing else."""
        changes = self.environments.get(environment)
        if changes is None:
            return self
        update = changes.deadlines.model_dump(exclude_none=True)
        services = {
            slug: service.model_copy(update={"deadlines": service.deadlines.model_copy(update=update)})
            for slug, service in self.service.items()
        }
        return self.model_copy(update={"service": services})

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
