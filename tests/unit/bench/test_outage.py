"""How long a port was away, from what an observer saw."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.bench.outage import Sample, longest_outage_s

SEEN: list[tuple[str, list[Sample], float]] = [
    ("nothing seen", [], 0.0),
    ("always there", [(0.0, True), (0.02, True), (0.04, True)], 0.0),
    ("away once", [(0.0, True), (0.1, False), (0.2, False), (0.3, True)], 0.3),
    ("the longer of two", [(0.0, True), (1.0, False), (2.0, True), (3.0, False), (7.0, True)], 5.0),
    ("never back", [(0.0, True), (1.0, False), (4.0, False)], 4.0),
    ("not there yet at first", [(0.0, False), (5.0, True), (6.0, True)], 0.0),
    ("a slow observer is no outage", [(0.0, True), (9.0, True)], 0.0),
]


@pytest.mark.parametrize(("samples", "expected_s"), [row[1:] for row in SEEN], ids=[row[0] for row in SEEN])
def test_outage_lasts_from_the_last_answer_to_the_next(samples: list[Sample], expected_s: float) -> None:
    assert longest_outage_s(samples) == pytest.approx(expected_s)


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_outage_covers_every_run_of_refusals(answers: list[bool]) -> None:
    samples = [(float(at), answered) for at, answered in enumerate(answers)]
    longest, length, answered_once = 0, 0, False
    for answered in answers:
        length = 0 if answered else length + 1
        longest = max(longest, length if answered_once else 0)
        answered_once = answered_once or answered
    assert longest <= longest_outage_s(samples) <= (longest + 1 if longest else 0)
