"""Every planned step speaks the protocol: its verb and its arguments are those of docs/protocol.md."""

import re
from dataclasses import replace
from pathlib import Path

from deploy.model.facts import HostFacts, Process, Registration, ServiceFact
from deploy.model.step import Step
from deploy.planning.document import steps_of
from deploy.planning.plan import plan_deploy
from tests.unit.planning.fleet import desired_host, desired_service, empty_host, request
from tests.unit.planning.simulated import run

PROTOCOL = Path(__file__).parents[3] / "docs" / "protocol.md"
SLUGS = ("data-capture", "gateway", "docs")
ROW = re.compile(r"^\| `([a-z]+\.[a-z_]+)` \| (?:`(.+?)`|–)(.*)$", re.MULTILINE)


def verbs() -> dict[str, tuple[set[str], str]]:
    """Verb → its needed arguments, and its whole row."""
    found = {}
    for verb, args, rest in ROW.findall(PROTOCOL.read_text(encoding="utf-8")):
        flat = args
        while flat != (flat := re.sub(r"[\[{][^\[\]{}]*[\]}]", "", flat)):
            pass
        names = {part.partition(":")[0].strip() for part in flat.split(",") if part.strip()}
        found[verb] = ({name for name in names if not name.endswith("?")}, f"{args} {rest}")
    return found


def all_steps() -> list[Step]:
    live = Registration(r"C:\old\x.exe", "auto", "LocalSystem", "", "", (), {}, "", False, "none")
    name = "TradingSystem-DataCapture"
    service = ServiceFact(name, "Running", 1, Process(r"C:\old\x.exe", ""), live, None, ())
    facts: dict[str, HostFacts] = {"a": replace(empty_host("a"), services={name: service})}
    steps = []
    for version in ("1.0.0", "2.0.0", "3.0.0", "4.0.0"):
        services = (desired_service(slug, version) for slug in SLUGS)
        plan = plan_deploy(request((desired_host("a", *services),), dict(facts), version=version))
        steps += [*steps_of(plan, "a"), *plan.hosts[0].closing]
        facts = run(plan, facts, version)
    return steps


def test_steps_have_the_arguments_of_the_protocol() -> None:
    known = verbs()
    steps = all_steps()
    assert {step.verb for step in steps} >= {"service.adopt", "cache.prune", "secret.put", "release.attest"}
    for step in steps:
        needed, row = known[step.verb]
        assert needed <= step.args.keys(), step.verb
        assert all(re.search(rf"\b{name}\b", row) for name in step.args), (step.verb, step.args.keys())
        assert step.deadline_s > 0
