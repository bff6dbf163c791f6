"""The one simulated host that a bench measures on: it carries every native service, over NTLM and HTTP."""

import io
import statistics
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from deploy.bench import naive
from deploy.bench.bare import stop_start_s
from deploy.bench.costs import Costs, costs_of
from deploy.bench.not_measured import NotMeasured
from deploy.bench.transfer import MB, Speeds, make_payload, measure
from deploy.cli.carry_out import carry_out
from deploy.cli.deploy import Deployment
from deploy.cli.fleet import Fleet
from deploy.cli.output import Output
from deploy.cli.playground import Playground
from deploy.cli.site import Site
from deploy.cli.surroundings import RunSurroundings
from deploy.config.project import Project
from deploy.execution.target import Holder
from deploy.model.run import Exit
from deploy.planning.resources import resources_of, rule_name
from deploy.sandbox.apps.samples import write_sample_source
from deploy.sandbox.fleet.client import FleetClient
from deploy.sandbox.machine.client import KernelClient

ENVIRONMENT, HOST, RELEASES = "dev", "bench-01", ("1.0.0", "1.1.0")
SERVICES = {
    "TradingSystem-DataCapture": 5050,
    "TradingSystem-OrderManager": 5055,
    "TradingSystem-MarketData": 9001,
    "TradingSystem-ApiGateway": 8000,
}
"""Service → port; each is a wave of its own."""
PAYLOAD, PAYLOAD_FOLDER, PAYLOAD_BYTES = "bench.bin", r"C:\TradingSystem\cache\bench", 100 * MB
BARE_ROUNDS = 3
_INVENTORY = """\
import os

_address = os.environ["DEPLOY_SANDBOX_PREFIX"] + ".11"
_host = ("@tswinrm/bench-01", {"winrm_address": _address, "service_address": _address, "winrm_scheme": "http"})

data_capture = order_manager = market_data = api_gateway = [_host]
"""


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a deploy cost, and in how many waves it went."""

    costs: Costs
    waves: int


class BenchHost:
    """Up from entering to leaving, with two releases built. Every method may raise NotMeasured."""

    def __init__(self, playground: Playground) -> None:
        self._playground = playground
        self._project = Project(playground.folder)
        self._sandbox = FleetClient(self._project.sandbox(ENVIRONMENT))
        self.address = playground.address(11)

    def __enter__(self) -> "BenchHost":
        self._project.inventory(ENVIRONMENT).write_text(_INVENTORY, "utf-8")
        try:
            self._invoke("sandbox.up")
            for release in RELEASES:
                source = self._project.root / "source" / release
                write_sample_source(source, release)
                self._invoke("release.build", "--version", release, "--source", str(source))
        except BaseException:
            self._playground.invoke("sandbox.down")
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._playground.invoke("sandbox.down")

    def deploy(self, release: str) -> Deployed:
        """What `invoke deploy` does, from a cold connection to a closed one."""
        deployment = Deployment(self._project, ENVIRONMENT, {"release": release})
        site, quiet = deployment.site, io.StringIO()
        with Fleet(site, site.inventory.hosts) as fleet:
            plan = deployment.plan(fleet)
            if plan.refusals:
                raise NotMeasured("\n".join(map(str, plan.refusals)))
            if plan.changes:
                given = (site, fleet, plan, lambda: deployment.plan(fleet))
                surroundings = RunSurroundings(*given, deployment.snapshots, deployment.desired)
                code = carry_out(surroundings, Output(False, quiet, quiet))
                _must(code, f"deploy --release {release}", quiet.getvalue())
            fleet.phase("close")
        return Deployed(costs_of(fleet.targets[HOST].traffic), len(plan.waves))

    def rollback_s(self) -> float:
        """Seconds from `invoke rollback` to its end."""
        begun_s = time.monotonic()
        self._invoke("rollback", "--env", ENVIRONMENT, "--yes")
        return time.monotonic() - begun_s

    def resources(self) -> int:
        """How many resources a plan decides on."""
        deployment = Deployment(self._project, ENVIRONMENT, {"release": RELEASES[0]})
        return sum(len(resources_of(deployment.site.catalogue.root, desired)) for desired in deployment.desired)

    def remove_rules(self) -> int:
        """Takes away what a deploy has to put back: the services' firewall rules; how many."""
        with self._kernel() as kernel:
            for service, port in SERVICES.items():
                kernel.rule_delete(rule_name(service, port))
        return len(SERVICES)

    def requests_seen(self) -> int:
        """Requests that the host's server has answered so far."""
        seen: dict[str, Any] = self._sandbox.ask({"do": "traffic", "host": HOST})
        return sum(seen["requests"].values())

    def naive(self, client: naive.Client) -> int:
        """Requests that the host's server saw of this client."""
        site, before = self._site(), self.requests_seen()
        client(site.endpoint(site.inventory.hosts[0]))
        return self.requests_seen() - before

    def transfer(self) -> Speeds:
        """The same bytes by GET, pull and push."""
        site = self._site()
        path = self._project.root / site.settings.store / PAYLOAD
        payload = make_payload(path, f"{site.settings.store_for_hosts}/{PAYLOAD}", PAYLOAD_FOLDER, PAYLOAD_BYTES)
        with Fleet(site, site.inventory.hosts) as fleet:
            target = fleet.targets[HOST]
            target.lock(Holder("bench", "bench", "bench", datetime.now(UTC).isoformat(timespec="seconds")), 1)
            speeds = measure(target, payload, self._project.root / PAYLOAD)
            target.unlock()
        path.unlink()
        return speeds

    def bare_stop_start_s(self) -> dict[str, float]:
        """Service → its own stop and start, the median of some."""
        with self._kernel() as kernel:
            return {
                name: statistics.median(stop_start_s(kernel, name, (self.address, port)) for _ in range(BARE_ROUNDS))
                for name, port in SERVICES.items()
            }

    def _site(self) -> Site:
        return Site.load(self._project, ENVIRONMENT, "", {})

    def _kernel(self) -> KernelClient:
        return KernelClient(self._sandbox.folder.host(HOST))

    def _invoke(self, *words: str) -> None:
        answer = self._playground.invoke(*words)
        _must(answer.code, " ".join(words), answer.stdout + answer.stderr)


def _must(code: int, what: str, said: str) -> None:
    if code != Exit.OK:
        raise NotMeasured(f"invoke {what}: exit code {code}\n{said[-2000:]}")
