"""Several scripted hosts, and pyinfra runs over them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.execution.target import Holder
from deploy.windows.host_access import HostAccess
from deploy.windows.runner import StageResult, run
from deploy.windows.target import WindowsTarget
from deploy.windows.terms import Terms
from tests.unit.windows.host_half import HostHalf
from tests.unit.winrm.scripted_host import Bundle, ScriptedHost

WALL_S = 1_790_000_000.0
"""The scripted hosts' own time."""
HOLDER = Holder("run-1", "ann@desk", "deploy", "2026-11-24T18:00:00Z")


@dataclass
class Fleet:
    """Hosts by name, each with its half and its target; `told` is what runs told."""

    halves: dict[str, HostHalf] = field(default_factory=dict)
    hosts: dict[str, ScriptedHost] = field(default_factory=dict)
    targets: dict[str, WindowsTarget] = field(default_factory=dict)
    told: list[tuple[str, str, str, dict[str, Any]]] = field(default_factory=list)

    def add(self, name: str, folder: Path, sleep: Callable[[float], None] = lambda _s: None) -> None:
        """Starts one more host."""
        folder.mkdir()
        self.halves[name] = HostHalf()
        host = self.hosts[name] = ScriptedHost(folder, f"127.0.80.{10 + len(self.hosts)}", self.halves[name].worker)
        access = HostAccess(host.endpoint(name=name), Bundle(), sleep=sleep, wall=lambda: WALL_S)
        self.targets[name] = WindowsTarget(access, lambda deep: {"secrets": [], "deep": deep})

    def lock(self) -> None:
        """Takes every host's lock, as a run does before it stages."""
        for target in self.targets.values():
            target.lock(HOLDER, 0)

    def run(self, act: Callable[[Any], None], names: Sequence[str] = (), **terms: Any) -> Mapping[str, StageResult]:
        """Runs `act` on the named hosts, or all."""
        given = Terms(tell=lambda *event: self.told.append(event), **terms)
        return run(tuple(names or self.targets), act, self.targets, given)

    def close(self) -> None:
        """Stops everything."""
        for half in self.halves.values():
            half.release.set()
        for name, host in self.hosts.items():
            self.targets[name].close()
            host.close()
