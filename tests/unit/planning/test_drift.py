"""Drift: every way in which somebody can change a host by hand has its line."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from deploy.model.facts import HostFacts, ProbeAnswer, Process, Registration, ServiceFact, Unknown
from deploy.model.problem import Problem
from deploy.planning.drift import Drift, attested, drift
from deploy.planning.plan import plan_deploy
from tests.unit.planning.fleet import ROOT, desired_host, desired_service, empty_host, request, with_service
from tests.unit.planning.simulated import run

DC = "TradingSystem-DataCapture"


def deployed() -> HostFacts:
    facts = {"a": empty_host("a")}
    desired = (desired_host("a", desired_service("data-capture")),)
    return run(plan_deploy(request(desired, dict(facts))), facts, "one")["a"]


def found(facts: HostFacts) -> list[Drift]:
    return list(drift(ROOT, {"a": attested(facts)}, [DC], {"a": facts}))


def registration(facts: HostFacts, **changes: Any) -> HostFacts:
    live = facts.services[DC].registration
    assert live is not None
    return with_service(facts, DC, registration=replace(live, **changes))


def first(facts: HostFacts, section: str, **changes: Any) -> HostFacts:
    items = getattr(facts, section)
    key = next(iter(items))
    values: dict[str, Any] = {section: {**items, key: replace(items[key], **changes)}}
    return replace(facts, **values)


def stranger(facts: HostFacts) -> HostFacts:
    live = Registration(r"C:\x\y.exe", "auto", "LocalSystem", "", "", (), {}, "", False, "none")
    name = "TradingSystem-Stranger"
    return replace(facts, services={**facts.services, name: ServiceFact(name, "Running", 1, None, live, None, ())})


def test_a_host_as_it_was_left_has_none() -> None:
    assert attested(deployed()).keys() == {DC}
    assert found(deployed()) == []


@pytest.mark.parametrize(
    ("change", "resource"),
    [
        (lambda f: registration(f, failure_actions="00"), "registration.failure_actions"),
        (lambda f: registration(f, failure_on_non_crash=False), "registration.failure_on_non_crash"),
        (lambda f: registration(f, start="manual"), "registration.start"),
        (lambda f: registration(f, image_path=r"C:\evil.exe"), "registration.image_path"),
        (lambda f: registration(f, account="LocalSystem"), "registration.account"),
        (lambda f: registration(f, environment={}), "registration.environment"),
        (lambda f: with_service(f, DC, registration=None, state=""), "registration"),
        (lambda f: with_service(f, DC, state="Stopped", process=None), "state"),
        (lambda f: with_service(f, DC, process=Process(r"C:\evil.exe", "")), "process"),
        (lambda f: with_service(f, DC, probe=ProbeAnswer(False, 500, None, None)), "health"),
        (lambda f: replace(f, revisions=()), "revision"),
        (lambda f: replace(f, revisions=(replace(f.revisions[0], complete=False),)), "revision"),
        (lambda f: replace(f, revisions=(replace(f.revisions[0], damaged=("app.toml",)),)), "file app.toml"),
        (lambda f: first(f, "secrets", exists=False), "secret password"),
        (lambda f: first(f, "secrets", protected=False), "secret password"),
        (lambda f: first(f, "firewall", enabled=False), f"firewall {DC}-5050"),
        (lambda f: first(f, "firewall", exists=False), f"firewall {DC}-5050"),
        (lambda f: first(f, "firewall", port=1), f"firewall {DC}-5050"),
        (stranger, "service"),
    ],
)
def test_each_change_by_hand_is_named(change: Callable[[HostFacts], HostFacts], resource: str) -> None:
    lines = found(change(deployed()))
    assert resource in {line.resource for line in lines}
    assert all(line.expected != line.actual and line.host == "a" for line in lines)


def test_promise_8_a_host_that_did_not_answer_is_not_clean() -> None:
    away = Unknown("a", Problem("unreachable", "a", "no answer"))
    assert [line.resource for line in drift(ROOT, {"a": {DC: "x"}}, [DC], {"a": away})] == ["host"]
    assert [line.resource for line in drift(ROOT, {"a": {DC: "x"}}, [DC], {})] == ["host"]
