"""What tests plan for: a small catalogue, its revisions, and hosts that have nothing yet."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from deploy.model.catalogue import Catalogue
from deploy.model.desired import Archive, DesiredHost, DesiredRuntime, DesiredSecret, DesiredService
from deploy.model.facts import Agent, HostFacts, PathFact, ServiceFact, Snapshot, System
from deploy.model.host import Host
from deploy.model.release import Release, StateSchema
from deploy.model.revision import Definition, DrainStep, Probe, Revision
from deploy.model.secret import Secret
from deploy.planning.request import PlanInput, PlanOptions

ROOT = r"C:\TradingSystem"
NOW = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)  # a Tuesday, 19:00 in São Paulo
KEY = Secret("digest-key")
AGENT = "a" * 64


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache
def plain_catalogue() -> Catalogue:
    return catalogue(waiver=())


def catalogue(**changes: Any) -> Catalogue:
    """Data Capture ← Order Manager (single writer); Gateway depends on both; Grafana is another failure domain."""
    if not changes:
        return plain_catalogue()
    services = {
        "data-capture": service("DataCapture", 5050),
        "order-manager": service("OrderManager", 5055, depends_on=["data-capture"], single_writer=True),
        "gateway": service("Gateway", 8000, depends_on=["order-manager", "data-capture"]),
        "docs": service("Docs", 3300, failure_domain="docs"),
    }
    runtimes = [{"name": "dotnet", "version": "8.0.11", "eol": "2026-12-31", "archive": "dotnet.zip"}]
    value = {"format": 1, "root": ROOT, "service": services, "runtime": runtimes, **changes}
    return Catalogue.model_validate(value)


def service(name: str, port: int, **more: Any) -> dict[str, Any]:
    return {"name": f"TradingSystem-{name}", "artifact": name.lower(), "group": "all", "port": port, **more}


@lru_cache
def revision(slug: str, version: str = "1.0.0", *, config: str = "a") -> Revision:
    entry = catalogue().service[slug]
    build = digest(f"{slug} {version}")
    return Revision(
        service=entry.name,
        version=version,
        artifact=entry.artifact,
        artifact_sha256=digest(f"zip {slug} {version}"),
        commit="abc",
        entry="app.exe",
        build=build,
        files={"app.exe": build, "app.toml": digest(config)},
        config={"app.toml": digest(config)},
        templates_sha256=digest(f"templates {slug}"),
        runtime="dotnet",
        runtime_version="8.0.11",
        state_schema=StateSchema(),
        reversible=True,
        definition=definition(entry.name, entry.port),
    )


def definition(name: str, port: int) -> Definition:
    return Definition(
        image_path=r'"{folder}\app.exe" --serve',
        display_name=name,
        description="",
        account=rf"NT SERVICE\{name}",
        start="auto",
        depends_on=(),
        environment={"APP_FOLDER": "{folder}"},
        failure_actions="8051",
        failure_on_non_crash=True,
        sid_type="unrestricted",
        ports=(("127.0.0.1", port),),
        on_stop_timeout="kill",
        probe=Probe("http", url=f"http://127.0.0.1:{port}/health"),
        drain=DrainStep(f"http://127.0.0.1:{port}/drain", f"http://127.0.0.1:{port}/resume"),
        secrets=("password",),
        drain_s=5,
        stop_s=20,
        start_s=10,
        healthy_s=30,
        min_healthy_s=3,
    )


def secret(value: str = "hunter2") -> DesiredSecret:
    return DesiredSecret("password", Secret(value).digest(KEY), Secret(value))


def desired_service(slug: str, version: str = "1.0.0", *, config: str = "a", value: str = "hunter2") -> DesiredService:
    made = revision(slug, version, config=config)
    archive = Archive(made.artifact_sha256, 1000, {"app.exe": made.build}, url=f"http://store/{slug}-{version}.zip")
    return DesiredService(slug, made, {"app.toml": config.encode()}, archive, (secret(value),))


def desired_host(name: str, *services: DesiredService) -> DesiredHost:
    runtime = DesiredRuntime("dotnet", "8.0.11", Archive(digest("dotnet"), 5000, {"x": digest("x")}, url="http://s/d"))
    return DesiredHost(Host(name, "127.0.0.1", ("all",)), services, (runtime,))


def empty_host(name: str) -> HostFacts:
    """A host that nobody has prepared: our module answered from its cache, nothing else is there."""
    system = System(
        computer=name,
        os="Windows Server 2022",
        build=20348,
        edition="ServerStandard",
        cores=4,
        memory_mb=8192,
        boot_id="boot",
        uptime_s=100.0,
        time_utc=NOW.timestamp(),
        powershell="5.1",
        language_mode="FullLanguage",
        elevated=True,
        user="deploy",
        disk_free_mb=50_000,
        disk_total_mb=100_000,
        docker=None,
        pending_reboot=False,
    )
    return HostFacts(
        host=name,
        system=system,
        agent=Agent(AGENT, (AGENT,), task_exists=False, task_enabled=False, task_sha=None),
        lock=None,
        lock_held=False,
        services={},
        revisions=(),
        runtimes=frozenset(),
        secrets={},
        paths={},
        firewall={},
        transactions=(),
        releases=(),
    )


def request(
    desired: tuple[DesiredHost, ...], facts: dict[str, Snapshot], *, version: str = "1.0.0", **more: Any
) -> PlanInput:
    options = more.pop("options", PlanOptions(batch="100%"))
    return PlanInput(
        catalogue=more.pop("catalogue", catalogue()),
        environment=more.pop("environment", "dev"),
        release=more.pop("release", Release(version, {})),
        desired=desired,
        snapshots=facts,
        now=more.pop("now", NOW),
        options=options,
        **more,
    )


def with_system(facts: HostFacts, **changes: Any) -> HostFacts:
    return replace(facts, system=replace(facts.system, **changes))


def with_service(facts: HostFacts, name: str, **changes: Any) -> HostFacts:
    changed: ServiceFact = replace(facts.services[name], **changes)
    return replace(facts, services={**facts.services, name: changed})


def folder(path: str) -> PathFact:
    return PathFact(path, "dir", 0, "", protected=True)
