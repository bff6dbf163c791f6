"""The report as a page: what stands in it, and that it is complete in itself."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from deploy.model.run import Outcome
from deploy.reporting.diffline import DiffLine, diff_line
from deploy.reporting.page import MOST_EVENTS, render_page
from tests.unit.reporting.samples import MARKET_OPEN, checks, report, reports
from tests.unit.reporting.story import GATE_01, TRADE_01, committed_events, plan, transactions, undone_events

REPORTS = reports()
VOID = frozenset({"meta", "link", "br"})


class Page(HTMLParser):
    """Text by element id's section, attributes, and whether every element was closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.data = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if (name := dict(attrs).get("id")) is not None:
            self.ids.append(name)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["script"]:
            self.data += data
        elif self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(params=list(REPORTS))
def shown(request: pytest.FixtureRequest) -> tuple[dict[str, Any], Page]:
    return REPORTS[request.param], Page(render_page(REPORTS[request.param]))


def test_embedded_data_equal_the_report(shown: tuple[dict[str, Any], Page]) -> None:
    told, page = shown
    assert json.loads(page.data) == json.loads(json.dumps(told))


def test_well_formed_with_headings_and_headed_tables(shown: tuple[dict[str, Any], Page]) -> None:
    _, page = shown
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    tags = [tag for tag, _ in page.elements]
    assert tags.count("h1") == tags.count("main") == 1
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in page.elements if tag == "th")
    assert tags.count("table") == tags.count("thead")
    labels = [attrs.get("aria-labelledby") for tag, attrs in page.elements if tag == "section"]
    assert labels
    assert set(labels) <= set(page.ids)


def test_nothing_is_fetched_and_no_script_runs(shown: tuple[dict[str, Any], Page]) -> None:
    _, page = shown
    for tag, attrs in page.elements:
        assert tag not in ("img", "iframe", "object", "embed")
        assert not any(name.startswith("on") for name in attrs)
        for name in ("src", "href"):
            assert str(attrs.get(name) or "#").startswith(("#", "data:")), (tag, attrs)
        if tag == "script":
            assert attrs["type"] == "application/json"


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("committed", ["Done: every host runs 1.4.2", "invoke rollback --env prod", "36 of 36 passed", "4 of 4"]),
        ("undone", ["Undone: the old release serves everywhere", "status 503", "nothing to undo", "as before"]),
        ("stuck", ["a human is needed", "invoke status --env prod", "not known", "nothing listens on 127.0.0.1:5055"]),
        ("refused", ["Why it was refused", "the market is open", "expected", "9:00 to 18:00", "To be prepared"]),
        ("unchanged", ["Nothing to do", "no host was touched"]),
        ("fleet", ["100 of 100", "prod-gw-40"]),
    ],
)
def test_what_one_wants_to_know(name: str, texts: list[str]) -> None:
    text = Page(render_page(REPORTS[name])).text
    assert [wanted for wanted in texts if wanted not in text] == []


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_a_page(outcome: Outcome) -> None:
    events = [] if outcome in (Outcome.REFUSED, Outcome.UNCHANGED) else undone_events(plan())
    assert f"{outcome}, exit code" in Page(render_page(report(plan(), outcome, events))).text


def test_text_from_elsewhere_stays_text() -> None:
    evil = "</script><script>alert(1)</script><b>&"
    told = report(plan(release=evil), Outcome.REFUSED, [], (MARKET_OPEN,))
    html = render_page(told)
    page = Page(html)
    assert [tag for tag, _ in page.elements].count("script") == 1
    assert evil in page.text
    assert json.loads(page.data)["to"] == evil


def test_coloured_diff() -> None:
    html = render_page(REPORTS["committed"])
    assert re.search(r"configuration app\.toml</span>\s*<span class=\"values\">\s*<del>60303ae2…</del>\s*<ins>", html)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("version: 1 → 2", DiffLine("version", "1", "2")),
        ("secret key: none → 8254c329…", DiffLine("secret key", None, "8254c329…")),
        (r'registration image_path: "C:\a: b" → "C:\c"', DiffLine("registration image_path", r'"C:\a: b"', r'"C:\c"')),
        ("it is stopped and disabled", DiffLine("it is stopped and disabled")),
        ("version: 1.4.2 (new here)", DiffLine("version: 1.4.2 (new here)")),
        ("+ depth = 10", DiffLine("", None, "depth = 10")),
        ("- depth = 5", DiffLine("", "depth = 5", None)),
    ],
)
def test_diff_lines(line: str, expected: DiffLine) -> None:
    assert diff_line(line) == expected


def test_the_timeline_is_told_to_who_cannot_see_it() -> None:
    _, page = REPORTS["undone"], Page(render_page(REPORTS["undone"]))
    lanes = [str(attrs["aria-label"]) for _, attrs in page.elements if attrs.get("role") == "img"]
    assert lanes[0].startswith(f"{TRADE_01}: lock done, 0.2 s; stage done, 4.0 s; cutover, wave 1 done")
    assert lanes[2].startswith(f"{GATE_01}: ")


def test_a_long_log_is_shown_without_progress() -> None:
    one = plan()
    events = committed_events(one) * (MOST_EVENTS // 40)
    assert len(events) > MOST_EVENTS
    text = Page(render_page(report(one, Outcome.COMMITTED, events))).text
    assert "Events without progress" in text
    assert "stop-TradingSystem-DataCapture doing" not in text


def test_what_could_not_be_asked_is_not_called_a_success() -> None:
    told = report(plan(), Outcome.COMMITTED, committed_events(plan()), (), checks(plan(), "port"))
    assert "32 of 36 passed" in Page(render_page(told)).text
    assert len([check for check in told["checks"] if check["result"] == "failed"]) == len(transactions(plan()))


def test_a_limited_deploy_does_not_claim_every_host() -> None:
    told = report(plan(limited=True), Outcome.COMMITTED, committed_events(plan()))
    text = Page(render_page(told)).text
    assert "Done: the named hosts run 1.4.2" in text
    assert "every host" not in text
