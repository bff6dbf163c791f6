"""Spans and lanes of the report's timeline."""

from dataclasses import asdict
from typing import Any

import pytest

from deploy.model.run import Event
from deploy.reporting.lanes import clock, timeline
from deploy.reporting.timeline import Span, spans
from tests.unit.reporting.story import GATE_01, TRADE_01, TRADE_02, committed_events, plan, undone_events

HOSTS = (TRADE_01, TRADE_02, GATE_01)


def told(events: list[Event]) -> list[dict[str, Any]]:
    return [asdict(event) for event in events]


def test_spans_of_a_host() -> None:
    found = [span for span in spans(told(committed_events(plan()))) if span.host == GATE_01]
    assert found == [
        Span(GATE_01, "lock", 0.0, 0.2, "done"),
        Span(GATE_01, "stage", 0.2, 4.2, "done"),
        Span(GATE_01, "cutover", 15.3, 19.0, "done", wave=2),
        Span(GATE_01, "attest", 21.5, 21.7, "done"),
    ]


def test_a_way_back_and_a_failure_are_told_apart() -> None:
    found = [span for span in spans(told(undone_events(plan()))) if span.host == TRADE_01 and span.phase == "cutover"]
    assert [(span.result, span.back) for span in found] == [("done", False), ("failed", False), ("done", True)]


def test_what_never_ended_lasts_until_the_last_event() -> None:
    events = told(committed_events(plan()))[:4]
    assert {(span.result, span.end_s) for span in spans(events)} == {("open", 0.2), ("done", 0.2)}


def test_no_events_no_lanes() -> None:
    assert timeline(HOSTS, []).lanes == ()


def test_every_bar_lies_on_its_track() -> None:
    drawn = timeline(HOSTS, told(undone_events(plan())))
    assert [lane.host for lane in drawn.lanes] == [*HOSTS, "run"]
    for lane in drawn.lanes:
        for bar in lane.bars:
            assert 0 <= bar.left <= bar.left + bar.width <= 100.01
    assert drawn.looks == ("lock", "stage", "cutover", "verify", "back")
    assert drawn.failed


def test_a_lane_is_told_in_words() -> None:
    lane = timeline(HOSTS, told(undone_events(plan()))).lanes[0]
    assert lane.told == (
        "lock done, 0.2 s; stage done, 4.0 s; cutover, wave 1 done, 3.7 s; cutover, wave 2 failed, 4.6 s; "
        "way back done, 3.7 s"
    )


@pytest.mark.parametrize(
    ("value_s", "text"),
    [(0, "0 s"), (0.5, "0.5 s"), (12, "12 s"), (25.6, "25.6 s"), (60, "1:00 min"), (376, "6:16 min")],
)
def test_clock(value_s: float, text: str) -> None:
    assert clock(value_s) == text
