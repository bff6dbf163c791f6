"""The order of a rollout: dependencies before dependents, single writers alone, batches of hosts."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.model.catalogue import Catalogue
from deploy.model.plan import Plan
from deploy.model.problem import UsageError
from deploy.planning.batch import batch_size, batches
from deploy.planning.document import transactions
from deploy.planning.order import groups_of
from deploy.planning.plan import plan_deploy
from deploy.planning.request import PlanOptions
from tests.unit.planning.fleet import catalogue, desired_host, desired_service, empty_host, request, service
from tests.unit.planning.simulated import run

SLUGS = [f"s{number}" for number in range(7)]


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    """Any acyclic dependencies: a service depends on earlier ones only."""
    services: dict[str, Any] = {}
    for number, slug in enumerate(SLUGS):
        earlier = st.sets(st.sampled_from(SLUGS[:number])) if number else st.just(set())
        needed = sorted(draw(earlier))
        services[slug] = service(
            slug,
            6000 + number,
            depends_on=needed,
            restarts_with=sorted(draw(st.sets(st.sampled_from(needed)))) if needed else [],
            single_writer=draw(st.booleans()),
        )
    return catalogue(service=services)


@given(catalogues())
def test_every_service_is_in_one_group_ranked_above_its_dependencies(known: Catalogue) -> None:
    groups = groups_of(known.service)
    assert sorted(slug for group in groups for slug in group.slugs) == sorted(SLUGS)
    rank = {slug: group.rank for group in groups for slug in group.slugs}
    group_of = {slug: group for group in groups for slug in group.slugs}
    for slug, entry in known.service.items():
        for other in entry.depends_on:
            assert rank[other] < rank[slug] or group_of[other] == group_of[slug]
        for other in entry.restarts_with:
            assert group_of[other] == group_of[slug]
            assert group_of[slug].slugs.index(other) < group_of[slug].slugs.index(slug)


def deploy(known: Catalogue, placed: dict[str, list[str]], batch: str = "100%") -> Plan:
    desired = tuple(
        desired_host(name, *(desired_service_of(known, slug) for slug in slugs)) for name, slugs in placed.items()
    )
    facts = {name: empty_host(name) for name in placed}
    return plan_deploy(request(desired, dict(facts), catalogue=known, options=PlanOptions(batch=batch)))


def desired_service_of(known: Catalogue, slug: str) -> Any:
    made = desired_service("data-capture")
    name = known.service[slug].name
    definition = replace(made.revision.definition, account=rf"NT SERVICE\{name}")
    return replace(made, slug=slug, revision=replace(made.revision, service=name, definition=definition))


@settings(max_examples=40, deadline=None)
@given(catalogues(), st.data())
def test_waves_run_dependencies_first_and_single_writers_alone(known: Catalogue, data: st.DataObject) -> None:
    slugs = data.draw(st.lists(st.sampled_from(SLUGS), unique=True, min_size=1))
    writers = {known.service[slug].name for slug in slugs if known.service[slug].single_writer}
    placed = {"a": slugs, "b": [slug for slug in slugs if not known.service[slug].single_writer]}
    plan = deploy(known, placed, data.draw(st.sampled_from(["1", "50%", "100%"])))
    assert plan.refusals == ()
    wave_of = {name: wave.number for wave in plan.waves for name in wave.services}
    grouped = {
        known.service[slug].name: {known.service[other].name for other in group.slugs}
        for group in groups_of(known.service)
        for slug in group.slugs
    }
    for slug in slugs:
        entry = known.service[slug]
        for other in entry.depends_on:
            if (needed := known.service[other].name) in wave_of:
                assert wave_of[needed] < wave_of[entry.name] or needed in grouped[entry.name]
    for wave in plan.waves:
        for writer in writers & set(wave.services):
            assert set(wave.services) <= grouped[writer]
            assert all(len(batch) == 1 for batch in wave.batches)
    run(plan, {name: empty_host(name) for name in placed}, "any")


@settings(max_examples=40, deadline=None)
@given(catalogues(), st.data())
def test_inside_a_transaction_dependents_stop_first_and_dependencies_start_first(
    known: Catalogue, data: st.DataObject
) -> None:
    slugs = data.draw(st.lists(st.sampled_from(SLUGS), unique=True, min_size=1))
    plan = deploy(known, {"a": slugs})
    for item in transactions(plan):
        order = [step.id for step in item.steps]
        for slug in slugs:
            name = known.service[slug].name
            if f"stop-{name}" not in order:
                continue
            for other in known.service[slug].depends_on:
                needed = known.service[other].name
                if f"stop-{needed}" in order:
                    assert order.index(f"stop-{name}") < order.index(f"stop-{needed}")
                    assert order.index(f"healthy-{needed}") < order.index(f"start-{name}")
        stops = [position for position, step in enumerate(order) if step.startswith("stop-")]
        starts = [position for position, step in enumerate(order) if step.startswith("start-Trading")]
        assert max(stops) < min(starts)


def test_promise_1_transactions_of_one_single_writer_are_never_in_one_batch() -> None:
    # Even when the plan is refused, because it is placed twice, no batch holds two of them.
    known = catalogue()
    plan = deploy(known, {name: ["order-manager"] for name in "abc"})
    assert "single-writer-placed-twice" in {problem.code for problem in plan.refusals}
    assert [len(batch) for wave in plan.waves for batch in wave.batches] == [1, 1, 1]


def test_failure_domains_have_waves_of_their_own() -> None:
    plan = deploy(catalogue(), {"a": ["data-capture", "docs", "order-manager", "gateway"]})
    assert [(wave.failure_domain, len(wave.services)) for wave in plan.waves] == [
        ("docs", 1),
        ("trading", 1),
        ("trading", 1),
        ("trading", 1),
    ]


def test_a_dependent_that_cannot_bear_the_restart_goes_along_though_unchanged() -> None:
    services = {
        "data-capture": service("DataCapture", 5050),
        "gateway": service("Gateway", 8000, depends_on=["data-capture"], restarts_with=["data-capture"]),
        "docs": service("Docs", 3300, depends_on=["data-capture"]),
    }
    known = catalogue(service=services)
    first = deploy(known, {"a": list(services)})
    facts = run(first, {"a": empty_host("a")}, "one")
    slugs = ["gateway", "docs"]
    changed = replace(desired_service("data-capture", "2.0.0"))
    desired = (desired_host("a", changed, *(desired_service_of(known, slug) for slug in slugs)),)
    plan = plan_deploy(request(desired, dict(facts), catalogue=known))
    moved = [move.service for item in transactions(plan) for move in item.moves]
    assert moved == ["TradingSystem-DataCapture", "TradingSystem-Gateway"]
    reasons = {step.id: step.reason for item in transactions(plan) for step in item.steps}
    assert reasons["stop-TradingSystem-Gateway"] == "it can't bear the restart of what it depends on"


@pytest.mark.parametrize(
    ("text", "hosts", "size"),
    [("1", 5, 1), ("3", 5, 3), ("10%", 5, 1), ("50%", 5, 3), ("100%", 5, 5), ("1%", 100, 1), (" 2 ", 2, 2)],
)
def test_batch_sizes(text: str, hosts: int, size: int) -> None:
    assert batch_size(text, hosts) == size


@pytest.mark.parametrize("text", ["0", "0%", "101%", "-1", "", "two", "1.5", "%", "50 %"])
def test_bad_batch_sizes_are_usage_errors(text: str) -> None:
    with pytest.raises(UsageError, match="--batch"):
        batch_size(text, 5)


@given(st.lists(st.integers()), st.integers(1, 10))
def test_batches_keep_order_and_lose_nobody(items: list[int], size: int) -> None:
    found = batches(items, size)
    assert [item for batch in found for item in batch] == items
    assert all(len(left) == size >= len(right) for left, right in pairwise(found))
