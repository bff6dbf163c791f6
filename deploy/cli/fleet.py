"""All hosts of an environment as targets: asked together, closed together."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, TypeVar

from deploy.cli.site import Site
from deploy.model.desired import DesiredHost
from deploy.model.facts import HostFacts, Snapshot
from deploy.model.host import Host
from deploy.planning.facts_request import ServiceQuery, facts_args
from deploy.planning.running import running
from deploy.windows.agent_bundle import bundle
from deploy.windows.host_access import HostAccess
from deploy.windows.target import WindowsTarget

T = TypeVar("T")
REST_S = 10.0
"""An executor ends well within this after its last transaction has."""
REST_EVERY_S = 0.5


class Fleet:
    """Targets by host name. What is asked of a host grows with what is known of it: `want`, then `look_closer`."""

    def __init__(self, site: Site, hosts: Iterable[Host]) -> None:
        self._site = site
        self._desired: dict[str, DesiredHost] = {}
        native = [item for item in site.catalogue.service.values() if item.kind == "windows"]
        self._queries = {host.name: {item.name: ServiceQuery(item.name) for item in native} for host in hosts}
        self.targets = {host.name: self._target(host) for host in hosts}

    def __enter__(self) -> "Fleet":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._each(lambda target: target.close())

    def want(self, desired: Iterable[DesiredHost]) -> None:
        """From now on everything is asked that a deploy of this is decided from."""
        self._desired = {item.host.name: item for item in desired}

    def ask(self, *, deep: bool = False) -> dict[str, Snapshot]:
        """A snapshot of every host, all at once."""
        return self._each(lambda target: target.facts(deep=deep))

    @property
    def asked_at(self) -> dict[str, tuple[float, float]]:
        """Host → the controller's UTC epoch in s before and after its newest answer."""
        return {name: target.asked_at for name, target in self.targets.items() if target.asked_at}

    def look_closer(self, *, deep: bool = False) -> dict[str, Snapshot]:
        """Asks again, now also for health, ports and secrets of what was found to be registered."""
        for host, snapshot in self.ask().items():
            if isinstance(snapshot, HostFacts):
                self._queries[host].update(self._found(snapshot))
        return self._at_rest(self.ask(deep=deep), deep)

    def _at_rest(self, snapshots: dict[str, Snapshot], deep: bool) -> dict[str, Snapshot]:
        """Looks again where an executor has ended its last transaction and is just switching its task off."""
        until_s = time.monotonic() + REST_S
        while (hosts := [name for name, seen in snapshots.items() if _leaving(seen)]) and time.monotonic() < until_s:
            time.sleep(REST_EVERY_S)
            snapshots = {**snapshots, **self._each(lambda target: target.facts(deep=deep), hosts)}
        return snapshots

    def refresh(self) -> None:
        """The next question is asked anew."""
        for target in self.targets.values():
            target.forget()

    def requests(self) -> dict[str, dict[str, int]]:
        """Host → phase → number of requests so far."""
        return {name: dict(target.traffic.requests) for name, target in self.targets.items()}

    def phase(self, name: str) -> None:
        """Counts what follows under `name`, on every host."""
        for target in self.targets.values():
            target.phase(name)

    def _found(self, facts: HostFacts) -> dict[str, ServiceQuery]:
        """A query for each service: what ran when it was last asked is not what to measure it by."""
        root = self._site.catalogue.root
        now = {name: running(root, facts, name) for name in facts.services}
        return {
            name: ServiceQuery.of(item.revision) if item and item.revision else ServiceQuery(name)
            for name, item in now.items()
        }

    def _target(self, host: Host) -> WindowsTarget:
        root = self._site.catalogue.root

        def asked(deep: bool) -> dict[str, Any]:
            return facts_args(root, self._desired.get(host.name), self._queries[host.name].values(), deep=deep)

        return WindowsTarget(HostAccess(self._site.endpoint(host), bundle(), root), asked, self._site.digest_key)

    def _each(self, act: Callable[[WindowsTarget], T], hosts: Iterable[str] | None = None) -> dict[str, T]:
        """On `hosts`, or on all of them, side by side."""
        targets = {name: self.targets[name] for name in (self.targets if hosts is None else hosts)}
        with ThreadPoolExecutor(max(1, min(self._site.settings.parallel, len(targets)))) as pool:
            return dict(zip(targets, pool.map(act, targets.values()), strict=True))


def _leaving(snapshot: Snapshot) -> bool:
    return isinstance(snapshot, HostFacts) and snapshot.agent.task_enabled and not snapshot.transactions
