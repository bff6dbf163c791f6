"""How long services were down."""

from deploy.model.plan import HostWave, Move
from deploy.reporting.outage import outages
from tests.unit.reporting.story import (
    DATA,
    ORDERS,
    STUCK,
    TRADE_01,
    TRADE_02,
    UNHEALTHY,
    Story,
    plan,
    transactions,
    undone_events,
    way_back,
)

ITEM = transactions(plan())[0]


def test_from_the_begin_of_the_stop_to_the_end_of_the_start() -> None:
    story = Story()
    story.transaction(ITEM, stop_s=0.4)
    assert outages(story.events) == {TRADE_01: {DATA: 0.7}}


def test_a_new_service_has_no_outage() -> None:
    story = Story()
    story.transaction(HostWave(TRADE_01, 0, (), (Move(DATA, None, "1.4.2-0"),)))
    assert outages(story.events) == {}


def test_a_start_that_was_taken_back_did_not_serve() -> None:
    story = Story()
    story.transaction(ITEM, problem=UNHEALTHY)
    # stop 0.4, start 0.3, healthy 3.0, then three undos of 0.3
    assert outages(story.events) == {TRADE_01: {DATA: 4.6}}


def test_stuck_counts_until_the_last_word_of_the_host() -> None:
    story = Story()
    story.transaction(ITEM, problem=STUCK)
    assert outages(story.events) == {TRADE_01: {DATA: 4.0}}


def test_a_transaction_without_an_end_counts_until_its_last_word() -> None:
    story = Story()
    story.transaction(ITEM)
    cut = [event for event in story.events if event.event != "done" and not event.step.startswith(("start", "healthy"))]
    assert outages(cut) == {TRADE_01: {DATA: 3.7}}


def test_the_way_back_is_outage_too() -> None:
    story = Story()
    story.transaction(ITEM)
    story.transaction(way_back(ITEM), back=True)
    assert outages(story.events) == {TRADE_01: {DATA: 1.4}}


def test_a_service_whose_name_ends_like_another_keeps_its_own_time() -> None:
    moves = (Move("Capture", "1", "2"), Move("Data-Capture", "1", "2"))
    story = Story()
    story.transaction(HostWave(TRADE_01, 0, (), moves))
    assert outages(story.events) == {TRADE_01: {"Capture": 0.7, "Data-Capture": 0.7}}


def test_whole_undone_run() -> None:
    found = outages(undone_events(plan()))
    assert found == {TRADE_01: {DATA: 1.4, ORDERS: 4.6}, TRADE_02: {DATA: 1.4}}
