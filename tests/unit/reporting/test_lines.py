"""Plain lines, as they stand in a CI log."""

from deploy.model.problem import Problem
from deploy.model.run import Event
from deploy.reporting.lines import Lines, line_of
from tests.unit.reporting.story import TRADE_01, Story, plan, transactions, undone_events

UNDONE = """\
21:10:00  prod-trade-01      lock     done in 0.2 s
21:10:00  prod-trade-02      lock     done in 0.2 s
21:10:00  prod-gateway-01    lock     done in 0.2 s
21:10:00  prod-trade-01      stage    …
21:10:00  prod-trade-02      stage    …
21:10:00  prod-gateway-01    stage    …
21:10:04  prod-trade-01      stage    done in 4.0 s
21:10:04  prod-trade-02      stage    done in 4.0 s
21:10:04  prod-gateway-01    stage    done in 4.0 s
21:10:04  prod-trade-01      cutover  TradingSystem-DataCapture 1.4.1-a571f8c0e588 → 1.4.2-a571f8c0e588
21:10:04  prod-trade-01      cutover  stop-TradingSystem-DataCapture …
21:10:04  prod-trade-01      cutover  start-TradingSystem-DataCapture …
21:10:04  prod-trade-01      cutover  healthy-TradingSystem-DataCapture …
21:10:07  prod-trade-01      cutover  done in 3.7 s
"""
FAILED = """\
21:10:15  prod-trade-01      cutover  healthy-TradingSystem-OrderManager failed
21:10:15  prod-trade-01      cutover  undoing healthy-TradingSystem-OrderManager …
21:10:15  prod-trade-01      cutover  undoing start-TradingSystem-OrderManager …
21:10:15  prod-trade-01      cutover  undoing stop-TradingSystem-OrderManager …
21:10:16  prod-trade-01      cutover  FAILED: TradingSystem-OrderManager: healthy-TradingSystem-OrderManager: no \
answer from http://127.0.0.1:5055/health within 60 s (status 503)
          next: the old revision serves; read the service's log, then invoke plan --env prod
21:10:16  run                cutover  taking back what was committed
21:10:16  prod-trade-02      cutover  taking back: TradingSystem-DataCapture 1.4.2-a571f8c0e589 → 1.4.1-a571f8c0e589
"""


def written(events: list[Event]) -> str:
    lines: list[str] = []
    view = Lines(lines.append)
    for event in events:
        view.show(event)
    view.close()
    return "".join(f"{line}\n" for line in lines)


def test_golden() -> None:
    text = written(undone_events(plan()))
    assert text.startswith(UNDONE)
    assert FAILED in text
    assert text.endswith("21:10:25  run                verify   done in 2.0 s\n")


def test_all_four_parts_of_a_failure_are_written() -> None:
    story = Story()
    story.failed(TRADE_01, "lock", Problem("locked", TRADE_01, "locked by bo", "nobody", "invoke status --env prod"))
    assert written(story.events) == (
        "21:10:00  prod-trade-01      lock     FAILED: locked by bo\n"
        "          expected: nobody\n"
        "          next: invoke status --env prod\n"
    )


def test_what_only_a_program_wants_to_know_is_left_out() -> None:
    story = Story()
    story.progress(TRADE_01, "stop-x", "done")
    story.progress(TRADE_01, "stop-x", "undo-done")
    story.progress(TRADE_01, "", "ended")
    story.tell(TRADE_01, "lock", "lock", "start")
    assert [line_of(event) for event in story.events] == [None] * 4


def test_a_service_that_is_new_or_to_be_stopped() -> None:
    story = Story()
    story.tell(TRADE_01, "cutover", "", "start", moves={"A": [None, "2"], "B": ["1", None]}, back=False)
    assert written(story.events) == "21:10:00  prod-trade-01      cutover  A new → 2, B 1 → stopped\n"


def test_phases_of_different_hosts_are_timed_apart() -> None:
    story = Story()
    first, second, *_ = transactions(plan())
    story.tell(first.host, "stage", "", "start")
    story.wait(1)
    story.tell(second.host, "stage", "", "start")
    story.wait(2)
    story.tell(second.host, "stage", "", "done")
    story.tell(first.host, "stage", "", "done")
    assert [line.split("done in ")[1] for line in written(story.events).splitlines()[2:]] == ["2.0 s", "3.0 s"]
