"""Budgets: each can be broken by its own figure, and only by that."""

from dataclasses import replace
from typing import Any

import pytest

from deploy.bench.costs import Cost, requests_of
from deploy.bench.figures import Figures, Findings, lines, table, within_budget

GOOD = Findings(
    figures=Figures(
        noop_requests_per_host=12,
        change_requests_per_resource=2.0,
        cutover_requests_per_host=4.0,
        naive_noop_requests_per_host=320,
        pull_ratio_to_get=2.0,
        push_mb_per_s=15.0,
        outage_beyond_stop_start_s=0.99,
    ),
    resources=40,
    noop_requests_seen=12,
    pypsrp_requests=None,
    rollback_beyond_stop_start_s=14.9,
    runs={"no-op deploy": {"plan": Cost(8, 22_000, 37_000), "close": Cost(1, 2_000, 1_000)}},
)
OVER: list[dict[str, Any]] = [
    {"change_requests_per_resource": 2.25},
    {"cutover_requests_per_host": 4.5},
    {"pull_ratio_to_get": 2.01},
    {"push_mb_per_s": 14.9},
    {"outage_beyond_stop_start_s": 1.0},
]
OVER_BESIDE: list[dict[str, Any]] = [
    {"resources": 39},
    {"noop_requests_seen": 13},
    {"rollback_beyond_stop_start_s": 15.0},
]


def test_figures_on_their_budgets_hold() -> None:
    assert within_budget(lines(GOOD))
    assert [line.what for line in lines(GOOD) if line.ok is None] == [
        "pywinrm, 40 commands, requests",
        "pypsrp, 40 commands, requests",
    ]


def test_a_no_op_of_13_requests_is_over_though_the_server_agrees() -> None:
    found = replace(GOOD, figures=replace(GOOD.figures, noop_requests_per_host=13), noop_requests_seen=13)
    assert [line.what for line in lines(found) if line.ok is False] == ["no-op deploy of 40 resources, requests"]


@pytest.mark.parametrize("figure", OVER, ids=lambda item: next(iter(item)))
def test_one_figure_over_its_budget_is_one_line_over(figure: dict[str, Any]) -> None:
    found = replace(GOOD, figures=replace(GOOD.figures, **figure))
    assert not within_budget(lines(found))
    assert len([line for line in lines(found) if line.ok is False]) == 1
    assert len([line for line in table(found) if line.endswith("OVER")]) == 1


@pytest.mark.parametrize("finding", OVER_BESIDE, ids=lambda item: next(iter(item)))
def test_what_is_not_in_the_document_is_judged_too(finding: dict[str, Any]) -> None:
    assert len([line for line in lines(replace(GOOD, **finding)) if line.ok is False]) == 1


def test_requests_are_of_the_named_phases_or_of_all() -> None:
    costs = GOOD.runs["no-op deploy"]
    assert requests_of(costs) == 9
    assert requests_of(costs, "plan") == 8
    assert requests_of(costs, "stage") == 0
