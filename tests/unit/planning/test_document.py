"""A plan as a document and as lines."""

import json

from deploy.model.plan import Plan
from deploy.model.problem import Problem
from deploy.planning.document import plan_document, plan_lines
from deploy.planning.plan import plan_deploy
from tests.unit.planning.fleet import desired_host, desired_service, empty_host, request
from tests.unit.planning.simulated import run


def plan(version: str = "1.0.0", *, again: bool = False) -> Plan:
    desired = (desired_host("a", desired_service("data-capture", version)), desired_host("b"))
    facts = {name: empty_host(name) for name in "ab"}
    made = plan_deploy(request(desired, dict(facts), version=version))
    if again:
        made = plan_deploy(request(desired, dict(run(made, facts, "one")), version=version))
    return made


def test_the_document_has_what_its_schema_promises_and_no_secret() -> None:
    document = plan_document(plan())
    text = json.dumps(document)
    assert document["schema"] == "plan/1"
    assert (document["release"], document["env"], document["refusals"]) == ("1.0.0", "dev", [])
    assert document["changes"] == sum(len(host["steps"]) for host in document["hosts"])
    assert {"id", "verb", "service", "reason"} == set(document["hosts"][0]["steps"][0])
    assert "hunter2" not in text


def test_refusals_have_code_place_expectation_and_next_step() -> None:
    desired = (desired_host("a", desired_service("data-capture")),)
    problem = Problem("not-attested", "release 1.0.0", "never seen good in staging", "an attestation", "invoke deploy")
    made = plan_deploy(request(desired, {"a": empty_host("a")}, attestation=problem))
    assert plan_document(made)["refusals"] == [
        {
            "code": "not-attested",
            "where": "release 1.0.0",
            "what": "never seen good in staging",
            "expected": "an attestation",
            "next": "invoke deploy",
        }
    ]
    lines = plan_lines(made)
    assert "refused: release 1.0.0: never seen good in staging  [not-attested]" in lines
    assert "  next: invoke deploy" in lines


def test_lines_for_people() -> None:
    lines = plan_lines(plan())
    assert lines[0] == f"deploy 1.0.0 to dev: {plan().changes} steps on 2 hosts"
    assert any(line.startswith("  wave 1  TradingSystem-DataCapture  new → 1.0.0-") for line in lines)
    assert lines[-1] == f"plan {plan().short_hash}"
    assert "hunter2" not in "\n".join(lines)
    quiet = plan_lines(plan(again=True))
    assert quiet[0] == "deploy 1.0.0 to dev: nothing to do"
    assert len(quiet) == 3
