"""Runs that never happened, told as they would be: plans and events for tests of what people see."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.model.plan import HostPlan, HostWave, Move, Plan, Wave
from deploy.model.problem import Problem
from deploy.model.run import Event
from deploy.model.step import Step

BEGIN = datetime(2026, 11, 24, 21, 10, tzinfo=UTC)
RUN = "20261124T211000Z-deploy-4f1c"
DATA, ORDERS, GATEWAY = "TradingSystem-DataCapture", "TradingSystem-OrderManager", "TradingSystem-ApiGateway"
TRADE_01, TRADE_02, GATE_01 = "prod-trade-01", "prod-trade-02", "prod-gateway-01"
PLACES = ((DATA, (TRADE_01, TRADE_02)), (ORDERS, (TRADE_01,)), (GATEWAY, (GATE_01,)))
UNHEALTHY = Problem(
    "transaction-undone",
    TRADE_01,
    f"{ORDERS}: healthy-{ORDERS}: no answer from http://127.0.0.1:5055/health within 60 s (status 503)",
    "",
    "the old revision serves; read the service's log, then invoke plan --env prod",
)

STUCK = Problem(
    "transaction-stuck",
    TRADE_01,
    f"{DATA}: stop-{DATA}: the process did not end within 45 s",
    "",
    "invoke status --env prod; the host tries again every minute",
)


@dataclass
class Story:
    """Tells events one after another; `wait` lets time pass between them."""

    events: list[Event] = field(default_factory=list)
    now: datetime = BEGIN

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def tell(self, host: str, phase: str, step: str, event: str, **data: Any) -> None:
        self.events.append(Event(stamp(self.now), RUN, host, phase, step, event, data))

    def phase(self, hosts: Iterable[str], phase: str, took_s: float) -> None:
        """A phase that all hosts begin together and end together."""
        for host in hosts:
            self.tell(host, phase, "", "start")
        self.wait(took_s)
        for host in hosts:
            self.tell(host, phase, "", "done")

    def transaction(
        self, item: HostWave, *, problem: Problem | None = None, back: bool = False, stop_s: float = 0.4
    ) -> None:
        """Stop, start, healthy; with `problem` the health gate fails and the steps are undone (or get stuck)."""
        host, prefix = item.host, "back-" if back else ""
        moves = {move.service: [move.before, move.after] for move in item.moves}
        self.tell(host, "cutover", "", "start", tx="1", wave=item.wave, moves=moves, back=back)
        for service in moves:
            for verb, took_s in (("stop", stop_s), ("start", 0.3), ("healthy", 3.0)):
                step = f"{prefix}{verb}-{service}"
                self.progress(host, step, "doing")
                self.wait(took_s)
                self.progress(host, step, "failed" if problem and verb == "healthy" else "done")
        if problem is None:
            self.progress(host, "", "ended")
            self.tell(host, "cutover", "", "done", tx="1")
            return
        stuck = problem.code == "transaction-stuck"
        for service in moves:
            for verb in ("healthy", "start", "stop"):
                self.progress(host, f"{prefix}{verb}-{service}", "undoing")
                self.wait(0.3)
                self.progress(host, f"{prefix}{verb}-{service}", "stuck" if stuck else "undo-done")
                if stuck:
                    break
        self.failed(host, "cutover", problem)

    def progress(self, host: str, step: str, what: str) -> None:
        self.tell(host, "cutover", step, "progress", what=what, at=stamp(self.now))

    def failed(self, host: str, phase: str, problem: Problem) -> None:
        told = {"code": problem.code, "what": problem.what, "expected": problem.expected, "next": problem.next}
        self.tell(host, phase, "", "failed", **told)


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def move(service: str, host: str, before: str | None = "1.4.1", after: str = "1.4.2") -> Move:
    mark = f"{abs(hash_of(service + host)):012x}"[:12]
    old = None if before is None else f"{before}-{mark}"
    diff = (
        f"version: {before} → {after}",
        "build: 9f86d081… → 2c26b46b…",
        "runtime version: 8.0.11 → 8.0.30",
        "configuration app.toml: 60303ae2… → fd61a03a…",
        rf'registration image_path: "C:\TradingSystem\releases\{service}\{old}\app.exe" --port 5055 → '
        rf'"C:\TradingSystem\releases\{service}\{after}-{mark}\app.exe" --port 5055',
        "secret broker-password: none → 8254c329…",
    )
    return Move(service, old, f"{after}-{mark}", diff)


def hash_of(text: str) -> int:
    """The same in every process, unlike hash()."""
    value = 7
    for sign in text:
        value = (value * 31 + ord(sign)) % (16**12)
    return value


def plan(places: Iterable[tuple[str, tuple[str, ...]]] = PLACES, **changes: Any) -> Plan:
    """Services in waves of their own, one host a batch, with two steps of staging a host."""
    found = tuple(places)
    waves = tuple(
        Wave(
            number,
            (service,),
            "trading",
            tuple((HostWave(host, number, (_step("stop", service),), (move(service, host),)),) for host in hosts),
        )
        for number, (service, hosts) in enumerate(found)
    )
    names = dict.fromkeys(host for _, hosts in found for host in hosts)
    hosts = tuple(HostPlan(name, (_stage("archive-2c26b46b68ff"), _stage("revision"))) for name in names)
    fields: dict[str, Any] = {
        "kind": "deploy", "environment": "prod", "release": "1.4.2", "previous": "1.4.1", "hosts": hosts,
        "waves": waves, "refusals": (), "warnings": (), "hash": "3f9a01c2d4e5",
    }  # fmt: skip
    return Plan(**{**fields, **changes})


def _step(verb: str, service: str) -> Step:
    return Step(f"{verb}-{service}", f"service.{verb}", {"name": service}, "revision 1.4.1 → 1.4.2", service)


def _stage(identity: str) -> Step:
    return Step(identity, "file.fetch", {"path": r"C:\TradingSystem\cache"}, "archive is pulled from the store")


def transactions(of: Plan) -> list[HostWave]:
    return [item for wave in of.waves for batch in wave.batches for item in batch]


def committed_events(of: Plan) -> list[Event]:
    hosts = [host.host for host in of.hosts]
    story = Story()
    story.phase(hosts, "lock", 0.2)
    story.phase(hosts, "stage", 4.0)
    for item in transactions(of):
        story.transaction(item)
    story.tell("", "verify", "", "start")
    story.wait(2.5)
    story.tell("", "verify", "", "done")
    story.wait(0.2)
    for host in hosts:
        story.tell(host, "attest", "", "done")
    return story.events


def undone_events(of: Plan) -> list[Event]:
    """The Order Manager's gate fails; both Data Captures are taken back, last first."""
    hosts = [host.host for host in of.hosts]
    story = Story()
    story.phase(hosts, "lock", 0.2)
    story.phase(hosts, "stage", 4.0)
    first, second, orders, *_ = transactions(of)
    story.transaction(first)
    story.transaction(second)
    story.transaction(orders, problem=UNHEALTHY)
    story.tell("", "cutover", "", "note", what="taking back what was committed")
    for item in (second, first):
        story.transaction(way_back(item), back=True)
    story.tell("", "verify", "", "start")
    story.wait(2.0)
    story.tell("", "verify", "", "done")
    return story.events


def stuck_events(of: Plan) -> list[Event]:
    """The first Data Capture neither passes its gate nor lets itself be taken back."""
    story = Story()
    story.phase([host.host for host in of.hosts], "lock", 0.2)
    story.transaction(transactions(of)[0], problem=STUCK)
    story.tell("", "verify", "", "start")
    story.wait(2.0)
    story.failed("", "verify", Problem("check-failed", TRADE_01, f"port[{DATA}]: nothing listens on 127.0.0.1:5050"))
    return story.events


def way_back(item: HostWave) -> HostWave:
    moves = tuple(Move(each.service, each.after, each.before) for each in item.moves)
    return HostWave(item.host, item.wave, item.steps, moves)
