"""The configuration of a stand-in, keys in any case, with the faults of the release merged in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from deploy.sandbox.apps.host import Host


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong on purpose."""

    crash_on_start: bool = False
    unhealthy: bool = False
    hang_on_start: bool = False
    hang_on_stop: bool = False
    error_rate: float = 0.0
    crash_after_s: float = 0.0
    latency_s: float = 0.0
    wrong_version: bool = False


@dataclass(frozen=True)
class Settings:
    """Names in the file: `startDelaySeconds` and so on, as the README of the artifact has them."""

    service: str = "TradingSystem-StandIn"
    bind: str = "127.0.0.1"
    port: int = 5055
    logs: Path | None = None
    singleton_lock: Path | None = None
    mode: str = "active"
    start_delay_s: float = 0.0
    stop_delay_s: float = 0.0
    secrets: tuple[Path, ...] = ()
    faults: Faults = field(default_factory=Faults)


def load(host: Host, config: str, folder: str | None = None) -> Settings:
    """Reads a configuration file and `faults.json` in the release folder (default: beside the program).

    SystemExit when a secret is missing or empty.
    """
    values = _lower(host.json(config))
    broken = _lower(host.json(f"{folder or host.program_folder}\\faults.json"))
    settings = Settings(
        service=str(values.get("service", Settings.service)),
        bind=host.bind(str(values.get("bind", Settings.bind))),
        port=int(values.get("port", Settings.port)),
        logs=_path(host, values.get("logs")),
        singleton_lock=_path(host, values.get("singletonlock")),
        mode=str(values.get("mode", Settings.mode)),
        start_delay_s=float(broken.get("startdelayseconds", values.get("startdelayseconds", 0.0))),
        stop_delay_s=float(broken.get("stopdelayseconds", values.get("stopdelayseconds", 0.0))),
        secrets=tuple(host.local(path) for path in secret_paths(values)),
        faults=_faults({**_lower(values.get("faults") or {}), **broken}),
    )
    for secret in settings.secrets:
        if not secret.is_file() or not secret.read_bytes():
            raise SystemExit(f"secret {secret.name}: the file named in {config} is missing or empty")
    return settings


def secret_paths(values: Mapping[str, Any]) -> list[str]:
    """Paths under `secrets` (a list, or name → path), and those of keys like `brokerPasswordFile`."""
    named = values.get("secrets") or []
    found = [str(path) for path in (named.values() if isinstance(named, dict) else named)]
    return found + [str(path) for key, path in values.items() if key.lower().endswith("file")]


def with_address(settings: Settings, bind: str, port: int) -> Settings:
    """The same on another address: a command line outranks the file."""
    return replace(settings, bind=bind, port=port)


def _faults(values: Mapping[str, Any]) -> Faults:
    return Faults(
        crash_on_start=bool(values.get("crashonstart", False)),
        unhealthy=bool(values.get("unhealthy", False)),
        hang_on_start=bool(values.get("hangonstart", False)),
        hang_on_stop=bool(values.get("hangonstop", False)),
        error_rate=float(values.get("errorrate", 0.0)),
        crash_after_s=float(values.get("crashafterseconds", 0.0)),
        latency_s=float(values.get("latencyseconds", 0.0)),
        wrong_version=bool(values.get("wrongversion", False)),
    )


def _lower(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key.lower(): value for key, value in values.items()}


def _path(host: Host, value: Any) -> Path | None:
    return host.local(str(value)) if value else None
