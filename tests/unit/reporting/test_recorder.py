"""What a run leaves behind."""

import json
from pathlib import Path

from deploy.model.run import Event, Outcome
from deploy.reporting.ndjson import Ndjson
from deploy.reporting.page import render_page
from deploy.reporting.recorder import Recorder
from tests.schemas import validate
from tests.unit.reporting.samples import report
from tests.unit.reporting.story import committed_events, plan


class Gone:
    """A view whose terminal was closed."""

    def __init__(self) -> None:
        self.shown = 0

    def show(self, event: Event) -> None:
        self.shown += 1
        raise BrokenPipeError

    def close(self) -> None:
        """Nothing to give back."""


def test_every_event_is_on_disk_at_once(tmp_path: Path) -> None:
    documents: list[dict[str, object]] = []
    with Recorder(tmp_path / "run", Ndjson(documents.append, "prod")) as recorder:
        for number, event in enumerate(committed_events(plan()), 1):
            recorder.emit(event)
            lines = (tmp_path / "run" / "log.jsonl").read_text("utf-8").splitlines()
            assert len(lines) == number
    for document in documents:
        validate(document)
    assert [json.loads(line) for line in lines] == [
        {key: value for key, value in document.items() if key not in ("schema", "env")} for document in documents
    ]


def test_report_and_page_hold_the_same(tmp_path: Path) -> None:
    with Recorder(tmp_path, Ndjson(lambda document: None)) as recorder:
        for event in committed_events(plan()):
            recorder.emit(event)
        told = report(plan(), Outcome.COMMITTED, recorder.events)
        recorder.finish(told, render_page(told))
    stored = json.loads((tmp_path / "report.json").read_text("utf-8"))
    html = (tmp_path / "report.html").read_text("utf-8")
    embedded = html.split('<script type="application/json" id="report">')[1].split("</script>")[0]
    assert json.loads(embedded) == stored
    validate(stored)


def test_a_view_that_went_away_does_not_end_the_run(tmp_path: Path) -> None:
    view = Gone()
    with Recorder(tmp_path, view) as recorder:
        for event in committed_events(plan()):
            recorder.emit(event)
    assert view.shown == 1
    assert len((tmp_path / "log.jsonl").read_text("utf-8").splitlines()) == len(recorder.events) > 1
