"""Staging through pyinfra: preflight first, then the approved steps and no others."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.model.catalogue import Broker, HostMinima
from deploy.model.facts import HostFacts
from deploy.model.plan import HostPlan
from deploy.model.problem import Problem
from deploy.planning.decide import stage as planned_steps
from deploy.windows.runner import stage
from deploy.windows.terms import Terms
from tests.sandbox.connector.desired import desired_host
from tests.unit.windows.fleet import Fleet
from tests.unit.windows.host_half import sections

ROOT = r"C:\TradingSystem"
GOOD = HostMinima(os_build=0, cores=1)


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    monkeypatch.setenv("NTLM_USER_FILE", "")
    found = Fleet()
    for name in ("web01", "web02"):
        found.add(name, tmp_path / name)
        found.halves[name].facts_answer = sections(transactions=[])
    found.lock()
    yield found
    found.close()


def staged(
    fleet: Fleet, folder: Path, minima: HostMinima | None, without: dict[str, str] | None = None
) -> dict[str, Problem | None]:
    """Stages all hosts; `without`: host → a step that its plan does not have."""
    desired = {name: desired_host(folder, name) for name in fleet.targets}
    plans = []
    for name, target in fleet.targets.items():
        facts = target.facts()
        assert isinstance(facts, HostFacts)
        steps = planned_steps(ROOT, desired[name], facts)
        plans.append(HostPlan(name, tuple(step for step in steps if step.id != (without or {}).get(name))))
    terms = Terms(tell=lambda *event: fleet.told.append(event))
    return stage(ROOT, plans, desired, fleet.targets, terms, minima, "dev")


def test_a_host_that_has_the_minima_is_staged(fleet: Fleet, tmp_path: Path) -> None:
    assert staged(fleet, tmp_path, GOOD) == dict.fromkeys(fleet.targets)
    assert "revision-Svc" in [step["id"] for step in fleet.halves["web01"].applied]
    assert not fleet.halves["web01"].asked("probe")


@pytest.mark.parametrize(
    ("minima", "code"),
    [
        (GOOD.model_copy(update={"cores": 4096}), "cores"),
        (GOOD.model_copy(update={"broker": Broker(address="192.0.2.1", port=9, max_latency_ms=1)}), "broker"),
    ],
)
def test_staging_asks_preflight_before_it_changes_anything(
    fleet: Fleet, tmp_path: Path, minima: HostMinima, code: str
) -> None:
    results = staged(fleet, tmp_path, minima)
    assert {problem.code for problem in results.values() if problem} == {code}
    assert all(results.values())
    assert not any(half.applied for half in fleet.halves.values())


def test_a_step_that_was_not_approved_fails_its_host_before_it_begins(fleet: Fleet, tmp_path: Path) -> None:
    results = staged(fleet, tmp_path, None, without={"web01": "register-Svc", "web02": "revision-Svc"})
    problem = results["web02"]
    assert results["web01"] is None, "it is registered already"
    assert problem is not None
    assert (problem.code, problem.where) == ("plan-changed", "web02")
    assert "revision-Svc" in problem.what
    assert "revision-Svc" in [step["id"] for step in fleet.halves["web01"].applied]
    assert "revision-Svc" not in [step["id"] for step in fleet.halves["web02"].applied]
    assert ("web02", "revision-Svc", "start") not in [event[:3] for event in fleet.told]
