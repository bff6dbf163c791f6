"""Preparation of simulated hosts through pyinfra: complete, idempotent, within its budget."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation

from deploy.execution.target import Holder
from deploy.model.catalogue import Broker, HostMinima
from deploy.model.facts import HostFacts
from deploy.model.plan import HostPlan
from deploy.planning.decide import stage as planned_steps
from deploy.planning.facts_request import facts_args
from deploy.sandbox.fleet.client import FleetClient
from deploy.windows.preparation import prepare
from deploy.windows.runner import run, stage
from deploy.windows.target import WindowsTarget
from deploy.windows.terms import Terms
from tests.sandbox.connector.conftest import HOSTS, ROOT, MakeTarget
from tests.sandbox.connector.desired import desired_host

HOLDER = Holder("run-1", "ann@desk", "deploy", "2026-11-24T18:00:00Z")


@pytest.fixture
def targets(make_target: MakeTarget, tmp_path: Path) -> dict[str, WindowsTarget]:
    found = {}
    for name in HOSTS:
        target = found[name] = make_target(name)
        desired = desired_host(tmp_path, name)
        target.expect(lambda deep, desired=desired: facts_args(ROOT, desired, deep=deep))  # type: ignore[misc]
        target.lock(HOLDER, 0)
    return found


def test_hosts_are_prepared_once(targets: dict[str, WindowsTarget], tmp_path: Path, fleet: FleetClient) -> None:
    desired = {name: desired_host(tmp_path, name) for name in HOSTS}
    plans = []
    for name, target in targets.items():
        facts = target.facts(deep=True)  # as a deploy's plan asks
        assert isinstance(facts, HostFacts)
        plans.append(HostPlan(name, planned_steps(ROOT, desired[name], facts)))
        assert len(plans[-1].stage) > 15
        target.phase("stage")
    told: list[Any] = []
    results = stage(ROOT, plans, desired, targets, Terms(tell=lambda *event: told.append(event)))
    assert results == dict.fromkeys(HOSTS)
    for plan in plans:
        done = [step for host, step, event, _ in told if host == plan.host and event == "done"]
        assert done == [step.id for step in plan.stage]
        # A Send and a Receive each, and one Receive more for a few that take longer.
        assert targets[plan.host].traffic.requests["stage"] <= 2 * len(plan.stage) + 4
    folder = fleet.folder.host("web01") / "C" / "TradingSystem"
    (revision,) = (folder / "releases" / "Svc").iterdir()
    assert (revision / "config.json").read_bytes() == b'{"setting": "one"}'
    for name, target in targets.items():
        target.phase("again")
        facts = target.facts(deep=True)  # as a deploy's plan asks
        assert isinstance(facts, HostFacts)
        assert planned_steps(ROOT, desired[name], facts) == ()
        assert facts.services["Svc"].registration is not None
        assert facts.services["Svc"].registration.start == "disabled"
    told.clear()
    assert stage(ROOT, plans, desired, targets, Terms(tell=lambda *event: told.append(event))) == dict.fromkeys(HOSTS)
    assert not told
    assert {target.traffic.requests["again"] for target in targets.values()} == {2}


def test_a_host_without_desired_gets_its_planned_steps(targets: dict[str, WindowsTarget], tmp_path: Path) -> None:
    desired = desired_host(tmp_path, "web01", "two")
    facts = targets["web01"].facts()
    assert isinstance(facts, HostFacts)
    steps = planned_steps(ROOT, desired, facts)
    assert steps
    assert stage(ROOT, [HostPlan("web01", steps)], {}, targets) == {"web01": None}


def test_preflight_refuses_before_anything_is_changed(targets: dict[str, WindowsTarget], tmp_path: Path) -> None:
    desired = desired_host(tmp_path, "web01", "three")
    few, many = HostMinima(os_build=0, cores=1), HostMinima(os_build=0, cores=4096)
    target = targets["web01"]
    target.expect(lambda deep: facts_args(ROOT, desired, deep=deep))
    results = {}
    unreachable = Broker(address="127.0.80.99", port=9, max_latency_ms=1)
    for label, minima in {"few": few, "many": many, "broker": few.model_copy(update={"broker": unreachable})}.items():
        terms = Terms(dry=label == "few")
        act = lambda _host, minima=minima: prepare(desired, ROOT, minima, "dev")  # noqa: E731
        results[label] = run(["web01"], act, targets, terms)["web01"]
    assert results["few"].changed[-1] == "revision-Svc"
    assert results["many"].problem is not None
    assert results["many"].problem.code == "cores"
    assert results["many"].changed == ()
    assert results["broker"].problem is not None
    assert results["broker"].problem.code == "broker"


@operation()
def cmd(line: str) -> Any:
    yield StringCommand(line)


CMD: Callable[..., Any] = cmd


def test_plain_commands_of_a_deploy_file(targets: dict[str, WindowsTarget]) -> None:
    def act(_host: Any) -> None:
        CMD("hostname", _shell_executable="cmd")
        CMD("cmd /c exit 7", _shell_executable="cmd", _success_exit_codes=[7])

    assert all(result.ok for result in run(list(HOSTS), act, targets, Terms()).values())
    bad = run(list(HOSTS), lambda _host: CMD("cmd /c exit 7", _shell_executable="cmd"), targets, Terms())
    assert not any(result.ok for result in bad.values())


def test_a_lost_host_does_not_stop_the_other(
    targets: dict[str, WindowsTarget], tmp_path: Path, fleet: FleetClient
) -> None:
    desired = {name: desired_host(tmp_path, name, "four") for name in HOSTS}
    plans = []
    for name, target in targets.items():
        target.expect(lambda deep, name=name: facts_args(ROOT, desired[name], deep=deep))  # type: ignore[misc]
        facts = target.facts(deep=True)  # as a deploy's plan asks
        assert isinstance(facts, HostFacts)
        plans.append(HostPlan(name, planned_steps(ROOT, desired[name], facts)))
    fleet.ask({"do": "power", "host": "web01", "on": False})
    results = stage(ROOT, plans, desired, targets)
    fleet.ask({"do": "power", "host": "web01", "on": True})
    assert results["web01"] is not None
    assert results["web01"].where == "web01"
    assert results["web02"] is None
