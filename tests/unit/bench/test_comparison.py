"""Ratios of one run, how they are judged, and what is said where a way was not measured."""

from dataclasses import replace

import pytest

from deploy.bench.comparison import Comparison, Pass, Way, comparison_table, ratio_lines
from deploy.bench.document import FIGURES, RATIOS, comparison_document, figures_document
from deploy.bench.figures import within_budget
from tests.schemas import validate
from tests.unit.bench.test_figures import GOOD

NAIVE = Way(Pass(64, 8, 9.0), Pass(64, 8, 7.0))
ANSIBLE = Way(Pass(64, 8, 15.0), Pass(64, 8, 17.0))
OURS = Way(Pass(9, 1, 3.0), Pass(29, 1, 5.0))
FOUND = Comparison(8, NAIVE, ANSIBLE, OURS)
WITHOUT = replace(FOUND, ansible="ansible-core is not installed")


def test_a_ratio_is_our_seconds_for_each_of_theirs_both_passes_together() -> None:
    assert FOUND.ratio_seconds_to_naive == 8 / 16
    assert FOUND.ratio_seconds_to_ansible == 8 / 32
    assert WITHOUT.ratio_seconds_to_ansible is None


@pytest.mark.parametrize(("seconds", "verdicts"), [(5.0, [True, True]), (13.0, [False, True]), (29.0, [False, False])])
def test_who_is_not_faster_is_over(seconds: float, verdicts: list[bool]) -> None:
    found = replace(FOUND, ours=replace(OURS, change=replace(OURS.change, seconds=seconds)))
    judged = ratio_lines(found)
    assert [line.ok for line in judged] == verdicts
    assert within_budget(judged) is all(verdicts)


def test_what_was_not_measured_is_told_and_not_judged() -> None:
    assert [line.ok for line in ratio_lines(WITHOUT)] == [True, None]
    assert within_budget(ratio_lines(WITHOUT))
    (told,) = (line for line in comparison_table(WITHOUT) if line.startswith("Ansible"))
    assert told.endswith("not measured: ansible-core is not installed")


def test_the_table_says_how_many_and_every_number() -> None:
    head, *rows = comparison_table(FOUND)
    assert head.startswith("8 configuration files on one host")
    ours = next(row for row in rows if row.startswith("ours"))
    assert ours.split()[3:] == ["9", "1", "3.0", "29", "1", "5.0"]


@pytest.mark.parametrize("found", [FOUND, WITHOUT], ids=["all", "without Ansible"])
def test_the_document_has_every_key_or_the_reason(found: Comparison) -> None:
    document = comparison_document(found)
    validate(document)
    assert document["ratio_seconds_to_naive"] == 0.5
    assert document["comparison"]["ours"]["noop"] == {"requests": 9, "powershell_starts": 1, "seconds": 3.0}
    absent = {name for name in (*FIGURES, *RATIOS) if document[name] is None}
    assert absent == set(document["not_measured"]) == {*FIGURES, *(RATIOS[1:] if found is WITHOUT else ())}


def test_the_built_in_engine_says_why_it_has_no_ratios() -> None:
    document = figures_document(GOOD.figures, "dev")
    validate(document)
    assert set(document["not_measured"]) == set(RATIOS)
    assert (document["noop_requests_per_host"], document["comparison"]) == (12, None)
