"""A host as it is after a deploy, and a connection to it that knows its lines and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.model.facts import HostFacts, PathFact
from deploy.planning.plan import plan_deploy
from deploy.planning.running import serving
from tests.unit.planning.fleet import ROOT, desired_host, desired_service, empty_host, request
from tests.unit.planning.simulated import run

DATA, ORDERS = "TradingSystem-DataCapture", "TradingSystem-OrderManager"
VERIFY = Path(__file__).parents[2] / "verify"


@dataclass(frozen=True)
class Ended:
    exit_code: int
    stdout: bytes
    stderr: bytes = b""


@dataclass
class FakeConnection:
    """Answers from the host's facts; fails closed: an unknown line, path or port is an AssertionError."""

    facts: HostFacts
    answers: Mapping[str, Ended] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        return self.facts.host

    @host.setter
    def host(self, _: str) -> None:
        raise AttributeError("a connection keeps its host")

    def run_line(self, line: str) -> Ended:
        self.asked.append(line)
        assert line in self.answers, f"nobody scripted an answer to {line}"
        return self.answers[line]

    def path(self, path: str) -> PathFact:
        self.asked.append(path)
        for (service, name), secret in self.facts.secrets.items():
            if path == rf"{ROOT}\secrets\{service}\{name}":
                return PathFact(path, "file" if secret.exists else "absent", 7, secret.digest, secret.protected)
        return self.facts.paths.get(path, PathFact(path, "absent", 0, "", protected=False))

    def read_file(self, path: str, max_bytes: int) -> bytes:
        content = self.files[path]
        assert len(content) <= max_bytes
        return content

    def probe(self, args: dict[str, Any]) -> dict[str, Any]:
        ports = [item for fact in self.facts.services.values() for item in fact.ports]
        known = [is_open for address, port, is_open in ports if (address, port) == (args["address"], args["port"])]
        assert args["kind"] == "tcp"
        return {"ok": bool(known) and all(known)}


def deployed(*hosts: str) -> dict[str, HostFacts]:
    """Each host with Data Capture and Order Manager (the latter on the first only), as a deploy leaves it."""
    first, *_ = hosts
    desired = tuple(
        desired_host(
            name,
            desired_service("data-capture"),
            *((desired_service("order-manager"),) if name == first else ()),
        )
        for name in hosts
    )
    facts = {name: empty_host(name) for name in hosts}
    return run(plan_deploy(request(desired, dict(facts))), facts, "run-1")


def expected(facts: Mapping[str, HostFacts]) -> dict[str, dict[str, str]]:
    """What is there is what should be there."""
    found = {
        host: {name: serving(ROOT, fact, name) for name in (DATA, ORDERS) if name in fact.services}
        for host, fact in facts.items()
    }
    return {host: {name: value for name, value in services.items() if value} for host, services in found.items()}
