"""A service's definition on one host, from the catalogue: pure."""

import re
import struct
import subprocess
from collections.abc import Mapping

from deploy.model.catalogue import Catalogue, Recovery, Service
from deploy.model.host import Host
from deploy.model.problem import Problem, UsageError
from deploy.model.release import Artifact
from deploy.model.revision import Definition, DrainStep, Probe

_FIELD = re.compile(r"\{([A-Za-z_]+)\}")
FOLDER = "{folder}"
"""Stays as it is: the revision's name follows from the definition, so the definition can't hold it."""


def definition_of(catalogue: Catalogue, slug: str, host: Host, artifact: Artifact) -> Definition:
    """How the service is registered, started, stopped and judged; raises UsageError with the catalogue's key."""
    service = catalogue.service[slug]
    where = f"inventories/system.toml: service.{slug}"
    fields = _fields(catalogue, service, host)
    environment = {
        key: _fill(value, fields, f"{where}.environment.{key}") for key, value in service.environment.items()
    }
    if service.runtime == "dotnet":
        environment.setdefault("DOTNET_ROOT", fields["runtime"])
    limits = service.deadlines
    virtual = service.account == "virtual"
    return Definition(
        image_path=_image_path(catalogue.root, service, artifact, fields, where),
        display_name=service.display_name or service.name,
        description=service.description,
        account=rf"NT SERVICE\{service.name}" if virtual else service.account,
        start=service.start,
        depends_on=_windows_dependencies(catalogue, service, host),
        environment=environment,
        failure_actions=failure_actions(service.recovery),
        failure_on_non_crash=service.recovery is not None and service.recovery.on_non_crash,
        # Secrets are readable by the service's SID, so a service with secrets needs it under any account.
        sid_type="unrestricted" if virtual or service.secrets else "none",
        ports=((host.address, service.port),),
        on_stop_timeout=service.on_stop_timeout,
        probe=_probe(service, host, artifact),
        drain=_drain(service, host),
        secrets=service.secrets,
        # float: 30 and 30.0 are one value in TOML, but two in the revision's bytes.
        drain_s=float(limits.drain_s),
        stop_s=float(limits.stop_s),
        start_s=float(limits.start_s),
        healthy_s=float(limits.healthy_s),
        min_healthy_s=float(limits.min_healthy_s),
    )


def failure_actions(recovery: Recovery | None) -> str:
    """Registry value FailureActions as lower hex: SERVICE_FAILURE_ACTIONS, little-endian; "" for none."""
    if recovery is None:
        return ""
    delays_s = recovery.restart_after_s
    head = struct.pack("<5I", recovery.reset_after_s, 0, 0, len(delays_s), 0x14)
    return (head + b"".join(struct.pack("<2I", 1, round(delay_s * 1000)) for delay_s in delays_s)).hex()


def runtime_folder(root: str, name: str, version: str) -> str:
    """Where a runtime lies on every host."""
    return rf"{root}\runtimes\{name}\{version}"


def secret_path(root: str, service: str, name: str) -> str:
    """Where a service finds a secret."""
    return rf"{root}\secrets\{service}\{name}"


def _fields(catalogue: Catalogue, service: Service, host: Host) -> dict[str, str]:
    fields = {"address": host.address, "port": str(service.port), "root": catalogue.root, "folder": FOLDER}
    if service.runtime and service.runtime_version:
        fields["runtime"] = runtime_folder(catalogue.root, service.runtime, service.runtime_version)
    return fields


def _fill(text: str, fields: Mapping[str, str], where: str) -> str:
    unknown = [name for name in _FIELD.findall(text) if name not in fields]
    if unknown:
        raise UsageError(
            Problem(
                "unknown-field",
                where,
                f"{{{unknown[0]}}} is not known here",
                ", ".join(f"{{{name}}}" for name in sorted(fields)),
                "correct it, or name the service's runtime",
            )
        )
    return _FIELD.sub(lambda match: fields[match[1]], text)


def _image_path(root: str, service: Service, artifact: Artifact, fields: Mapping[str, str], where: str) -> str:
    # Quoted as it will be once the folder is known, because the root may hold spaces.
    real = {**fields, "folder": rf"{root}\{FOLDER}"}
    arguments = [_fill(item, real, f"{where}.arguments") for item in service.arguments]
    entry = artifact.entry.replace("/", "\\")
    line = subprocess.list2cmdline(arguments).replace(real["folder"], FOLDER)
    return rf'"{FOLDER}\{entry}"' + (f" {line}" if line else "")


def _windows_dependencies(catalogue: Catalogue, service: Service, host: Host) -> tuple[str, ...]:
    """Names for DependOnService. Only of services on this host: without its dependency Windows won't start one."""
    if not service.scm_depends_on:
        return ()
    needed = (catalogue.service[slug] for slug in service.depends_on)
    return tuple(item.name for item in needed if item.kind == "windows" and item.group in host.groups)


def _probe(service: Service, host: Host, artifact: Artifact) -> Probe:
    health = service.health
    timeout_s = float(health.timeout_s)
    match health.kind:
        case "process":
            return Probe("process", timeout_s=timeout_s)
        case "tcp":
            return Probe("tcp", address=host.address, port=service.port, timeout_s=timeout_s)
        case "ws":
            return Probe("ws", url=_url("ws", host, service, health.path), timeout_s=timeout_s)
    expect = dict(health.expect)
    if health.version_field:
        expect[health.version_field] = artifact.version
    if health.build_field:
        expect[health.build_field] = artifact.build
    return Probe("http", url=_url("http", host, service, health.path), expect=expect, timeout_s=timeout_s)


def _drain(service: Service, host: Host) -> DrainStep | None:
    drain = service.drain
    if drain is None:
        return None
    return DrainStep(
        url=_url("http", host, service, drain.path),
        undo_url=_url("http", host, service, drain.undo_path),
        done_url=_url("http", host, service, drain.done_path) if drain.done_field else "",
        done_field=drain.done_field or "",
        done_equals=drain.done_equals if drain.done_field else None,
    )


def _url(scheme: str, host: Host, service: Service, path: str) -> str:
    return f"{scheme}://{host.address}:{service.port}/{path.lstrip('/')}"
