"""Plans carried out on simulated hosts: what they end with, and that nothing is left to do."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.model.facts import HostFacts, ProbeAnswer, Process, Registration, ServiceFact, Unknown
from deploy.model.host import Host
from deploy.model.plan import Plan
from deploy.model.problem import Problem
from deploy.planning.converge import converge
from deploy.planning.document import transactions
from deploy.planning.parity import alike
from deploy.planning.plan import plan_deploy
from deploy.planning.request import PlanOptions
from deploy.planning.rollback import RollbackInput, plan_rollback
from deploy.planning.running import serving
from tests.unit.planning.fleet import (
    ROOT,
    catalogue,
    desired_host,
    desired_service,
    empty_host,
    request,
    secret,
    with_service,
)
from tests.unit.planning.planned import planned
from tests.unit.planning.simulated import SimulatedHost, run

SLUGS = ("data-capture", "order-manager", "gateway", "docs")
PLACED = {"a": SLUGS, "b": ("data-capture", "gateway"), "c": ("data-capture",)}
OM = "TradingSystem-OrderManager"
DC = "TradingSystem-DataCapture"


def deploy(facts: dict[str, HostFacts], version: str, **more: Any) -> Plan:
    placed = more.pop("placed", PLACED)
    made = {key: more.pop(key) for key in ("config", "value") if key in more}
    desired = tuple(
        desired_host(name, *(desired_service(slug, version, **made) for slug in slugs))
        for name, slugs in placed.items()
    )
    return plan_deploy(request(desired, dict(facts), version=version, **more))


def rollback(facts: dict[str, HostFacts], **more: Any) -> Plan:
    known = more.pop("catalogue", catalogue())
    hosts = tuple(Host(name, "127.0.0.1", ()) for name in facts)
    secrets = {service.name: (secret(),) for service in known.service.values()}
    return plan_rollback(RollbackInput(known, "dev", hosts, dict(facts), secrets, **more))


def fresh() -> dict[str, HostFacts]:
    return {name: empty_host(name) for name in PLACED}


def deployed(*versions: str) -> dict[str, HostFacts]:
    facts = fresh()
    for number, version in enumerate(versions):
        facts = run(deploy(facts, version), facts, f"run-{number}")
    return facts


def versions(facts: dict[str, HostFacts]) -> set[str]:
    names = {serving(ROOT, fact, name) for fact in facts.values() for name in fact.services}
    return {(name or "none").partition("-")[0] for name in names}


def services(facts: dict[str, HostFacts]) -> dict[str, dict[str, ServiceFact]]:
    return {name: fact.services for name, fact in facts.items()}


def test_promise_6_a_second_deploy_of_the_same_release_has_nothing_to_do() -> None:
    facts = deployed("1.0.0")
    plan = deploy(facts, "1.0.0")
    assert plan.changes == 0
    assert plan.waves == ()
    assert all(not item.stage and not item.closing for item in plan.hosts)


def test_a_deploy_ends_with_its_revisions_everywhere() -> None:
    facts = deployed("1.0.0", "2.0.0")
    assert versions(facts) == {"2.0.0"}
    after = {name: {DC: serving(ROOT, fact, DC) or ""} for name, fact in facts.items()}
    assert planned(ROOT, facts, after) == ()
    assert alike(ROOT, facts) == ()


def test_parity_names_a_host_that_was_missed() -> None:
    facts, old = deployed("1.0.0", "2.0.0"), deployed("1.0.0")
    mixed = {**facts, "c": old["c"]}
    expected = {name: {DC: serving(ROOT, facts["a"], DC) or ""} for name in mixed}
    assert [problem.where for problem in planned(ROOT, mixed, expected)] == ["c"]
    assert [problem.where for problem in alike(ROOT, mixed)] == ["c"]
    assert [problem.code for problem in planned(ROOT, {}, {"c": {}})] == ["host-missed"]


def test_rollback_returns_to_the_services_that_were_there() -> None:
    before = deployed("1.0.0")
    facts = run(deploy(before, "2.0.0"), before, "run-2")
    plan = rollback(facts)
    assert (plan.release, plan.previous) == ("1.0.0", "2.0.0")
    assert all(not item.stage for item in plan.hosts)
    back = run(plan, facts, "run-3")
    assert services(back) == services(before)
    assert deploy(back, "1.0.0").changes == 0


def test_rollback_skips_what_was_marked_bad() -> None:
    facts = deployed("1.0.0", "2.0.0")
    facts = run(rollback(facts), facts, "back")
    facts = run(deploy(facts, "3.0.0"), facts, "three")
    plan = rollback(facts)
    assert plan.release == "1.0.0"
    assert "release-bad" in {problem.code for problem in rollback(facts, to="2.0.0").refusals}


def test_a_damaged_revision_is_made_anew_while_it_does_not_serve_and_never_under_its_process() -> None:
    facts = deployed("1.0.0", "2.0.0")

    def damage(version: str) -> dict[str, HostFacts]:
        spoilt = tuple(
            replace(item, damaged=("app.exe",)) if item.service == DC and item.name.startswith(version) else item
            for item in facts["b"].revisions
        )
        return {**facts, "b": replace(facts["b"], revisions=spoilt)}

    assert {problem.code for problem in deploy(damage("2.0.0-"), "2.0.0").refusals} == {"revision-damaged"}
    anew = deploy(damage("1.0.0-"), "1.0.0")
    assert anew.refusals == ()
    assert "folder.compose" in {step.verb for host in anew.hosts if host.host == "b" for step in host.stage}
    assert {problem.code for problem in rollback(damage("1.0.0-")).refusals} == {"revision-missing"}


def test_two_rollbacks_never_go_back_to_the_release_that_was_left() -> None:
    facts = deployed("1.0.0", "2.0.0", "3.0.0")
    facts = run(rollback(facts), facts, "first")
    assert versions(facts) == {"2.0.0"}
    assert rollback(facts).release == "1.0.0"


def test_configuration_alone_is_deployed_and_rolled_back() -> None:
    before = deployed("1.0.0")
    plan = deploy(before, "1.0.0", config="b")
    assert {move.service for item in transactions(plan) for move in item.moves} == set(before["a"].services)
    lines = transactions(plan)[0].moves[0].diff
    at = lines.index("configuration app.toml:")
    assert [line[:4] for line in lines[at + 1 : at + 3]] == ["  - ", "  + "]
    facts = run(plan, before, "config")
    back = rollback(facts)
    assert back.release == "1.0.0"
    assert services(run(back, facts, "back")) == services(before)


def test_a_changed_secret_restarts_its_services_and_shows_digests_only() -> None:
    facts = deployed("1.0.0")
    plan = deploy(facts, "1.0.0", value="other")
    assert all(move.before == move.after for item in transactions(plan) for move in item.moves)
    lines = [line for item in transactions(plan) for move in item.moves for line in move.diff]
    assert lines
    assert all(line.startswith("secret password: ") and "other" not in line for line in lines)
    assert "hunter2" not in repr(plan)
    assert "other" not in repr(plan)
    assert deploy(run(plan, facts, "secret"), "1.0.0", value="other").changes == 0


@pytest.mark.parametrize(
    "change",
    [
        {"state": "Stopped", "process": None},
        {"process": Process(r"C:\elsewhere\app.exe", "then")},
        {"probe": None, "state": "StopPending"},
    ],
)
def test_a_service_that_does_not_serve_is_started_anew(change: dict[str, Any]) -> None:
    facts = deployed("1.0.0")
    facts["a"] = with_service(facts["a"], DC, **change)
    plan = deploy(facts, "1.0.0")
    assert [(item.host, item.moves[0].service) for item in transactions(plan)] == [("a", DC)]
    assert deploy(run(plan, facts, "again"), "1.0.0").changes == 0


def with_field(registration: Registration, field: str, value: Any) -> Registration:
    return replace(registration, **{field: value})


def test_a_service_that_hangs_is_not_asked_to_drain() -> None:
    facts = deployed("1.0.0")
    hung = ProbeAnswer(False, None, None, "timed out")
    another_version = ProbeAnswer(False, 200, {"version": "1.0.0"}, "answer has another version")
    drained = {}
    for name, answer in (("hung", hung), ("another version", another_version)):
        facts["c"] = with_service(facts["c"], DC, probe=answer)
        steps = [step.verb for item in transactions(deploy(facts, "2.0.0")) if item.host == "c" for step in item.steps]
        drained[name] = "service.drain" in steps
    assert drained == {"hung": False, "another version": True}


@pytest.mark.parametrize(
    ("field", "value"),
    [("start", "disabled"), ("start", "manual"), ("failure_actions", ""), ("account", "LocalSystem")],
)
def test_a_registration_changed_by_hand_is_put_right(field: str, value: str) -> None:
    facts = deployed("1.0.0")
    registration = facts["a"].services[DC].registration
    assert registration is not None
    facts["a"] = with_service(facts["a"], DC, registration=with_field(registration, field, value))
    plan = deploy(facts, "1.0.0")
    assert plan.changes
    assert deploy(run(plan, facts, "again"), "1.0.0").changes == 0


def unmanaged() -> ServiceFact:
    registration = Registration(
        r"C:\old\capture.exe -x", "auto", "LocalSystem", "Capture", "", (), {}, "", False, "none"
    )
    return ServiceFact(DC, "Running", 4, Process(r"C:\old\capture.exe", "then"), registration, None, ())


def test_what_ran_before_us_is_adopted_replaced_and_restored() -> None:
    facts = fresh()
    facts["b"] = replace(facts["b"], services={DC: unmanaged()})
    plan = deploy(facts, "1.0.0")
    before = {"b": {DC: serving(ROOT, facts["b"], DC) or ""}}
    steps = [step.id for item in plan.hosts if item.host == "b" for step in item.stage]
    assert steps.index(f"adopt-{DC}") < steps.index(f"revision-{DC}")
    facts = run(plan, facts, "one")
    assert versions(facts) == {"1.0.0"}
    back = rollback(facts)
    assert back.release == "unmanaged"
    restored = run(back, facts, "back")
    assert restored["b"].services[DC].registration == unmanaged().registration
    assert serving(ROOT, restored["b"], DC) == "unmanaged@0123456789ab"
    assert planned(ROOT, restored, before) == ()
    assert planned(ROOT, facts, before) != ()
    assert serving(ROOT, restored["a"], DC) is None
    registration = restored["a"].services[OM].registration
    assert registration is not None
    assert registration.start == "disabled"


def test_a_limited_deploy_is_not_attested() -> None:
    facts = deployed("1.0.0")
    desired = tuple(desired_host(n, *(desired_service(s, "2.0.0") for s in slugs)) for n, slugs in PLACED.items())
    plan = plan_deploy(request(desired, dict(facts), version="2.0.0", options=PlanOptions(limit=("c",))))
    assert plan.limited
    assert [item.host for item in plan.hosts] == ["c"]
    after = run(plan, facts, "limited")
    assert [entry.release for entry in after["c"].releases] == ["1.0.0"]
    assert rollback(after).release == "1.0.0"


def test_hosts_at_different_attested_releases_need_a_name() -> None:
    one, two = deployed("1.0.0", "2.0.0"), None
    two = run(rollback(one), one, "back", close=False)
    half = {**one, "c": two["c"]}
    assert [problem.code for problem in rollback(half).refusals] == ["mixed-releases"]
    assert rollback(half, to="1.0.0").refusals == ()


def test_a_rollback_without_a_host_that_is_away() -> None:
    facts = deployed("1.0.0", "2.0.0")
    away: dict[str, Any] = {**facts, "c": Unknown("c", Problem("unreachable", "c", "no answer"))}
    refused = rollback(away)
    assert "unreachable" in {problem.code for problem in refused.refusals}
    plan = rollback(away, without={"c": "its disk died"})
    assert plan.refusals == ()
    assert [problem.code for problem in plan.warnings] == ["left-out"]
    assert {item.host for item in plan.hosts} == {"a", "b"}


def test_promise_1_a_rollback_without_a_host_starts_no_writer_that_may_run_there() -> None:
    facts = deployed("1.0.0", "2.0.0")
    home = next(name for name, slugs in PLACED.items() if "order-manager" in slugs)
    gone = next(name for name in PLACED if name != home)
    writer = facts[home].services["TradingSystem-OrderManager"]
    stopped = replace(facts[home], services={**facts[home].services, writer.name: replace(writer, state="Stopped")})
    away: dict[str, Any] = {**facts, home: stopped, gone: Unknown(gone, Problem("unreachable", gone, "no answer"))}
    refused = rollback(away, without={gone: "its disk died"})
    assert "single-writer-unknown" in {problem.code for problem in refused.refusals}


def test_rollback_refuses_a_revision_that_is_gone_and_names_its_folder() -> None:
    facts = deployed("1.0.0", "2.0.0")
    kept = tuple(item for item in facts["b"].revisions if not (item.service == DC and item.name.startswith("1.0.0")))
    facts["b"] = replace(facts["b"], revisions=kept)
    problems = rollback(facts).refusals
    assert [(problem.code, problem.where) for problem in problems] == [("revision-missing", "b")]
    assert rf"releases\{DC}\1.0.0-" in problems[0].expected


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(0, 8)), st.booleans())
def test_converge_undoes_exactly_what_had_committed(chosen: set[int], first_deploy: bool) -> None:
    facts = fresh() if first_deploy else deployed("1.0.0")
    plan = deploy(facts, "2.0.0")
    staged = {name: SimulatedHost(fact) for name, fact in facts.items()}
    for host in plan.hosts:
        staged[host.host].carry_out(host.stage)
    committed = [item for number, item in enumerate(transactions(plan)) if number in chosen]
    for item in committed:
        staged[item.host].carry_out(item.steps)
    now = {name: host.facts for name, host in staged.items()}
    secrets = {service.name: (secret(),) for service in catalogue().service.values()}
    waves, problems = converge(plan, committed, now, catalogue(), secrets)
    assert problems == ()
    taken_back = [item for wave in waves for batch in wave.batches for item in batch]
    assert [item.host for item in taken_back] == [item.host for item in sorted(committed, key=lambda item: -item.wave)]
    for item in taken_back:
        staged[item.host].carry_out(item.steps)
    for name, fact in facts.items():
        for service in now[name].services:
            assert serving(ROOT, staged[name].facts, service) == serving(ROOT, fact, service)


def test_converge_names_hosts_that_did_not_answer_and_folders_that_are_gone() -> None:
    facts = deployed("1.0.0")
    plan = deploy(facts, "2.0.0")
    after = run(plan, facts, "two", close=False)
    bare = {name: replace(fact, revisions=()) for name, fact in after.items() if name != "c"}
    waves, problems = converge(plan, transactions(plan), bare, catalogue(), {})
    assert waves == ()
    assert {(problem.code, problem.where) for problem in problems} == {
        ("host-not-asked", "c"),
        ("revision-missing", "a"),
        ("revision-missing", "b"),
    }


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["1.0.0", "2.0.0", "3.0.0", "back"]), max_size=5))
def test_any_history_of_deploys_and_rollbacks_ends_with_an_empty_plan(history: list[str]) -> None:
    facts = deployed("1.0.0")
    for number, what in enumerate(history):
        plan = rollback(facts) if what == "back" else deploy(facts, what)
        if plan.refusals:
            assert what == "back"
            continue
        facts = run(plan, facts, f"run-{number}")
        assert versions(facts) == {plan.release}
        assert deploy(facts, plan.release).changes == 0
        if what != "back":
            # What a rollback of this deploy needs was never pruned.
            assert not [item for item in rollback(facts).refusals if item.code == "revision-missing"]
