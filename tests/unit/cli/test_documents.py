"""JSON documents of commands obey their published schemas."""

import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from deploy.cli import status
from deploy.cli.config import config_show
from deploy.cli.history import show_history
from deploy.cli.output import Output
from deploy.config.project import Project
from deploy.model.facts import OpenTransaction, Unknown
from deploy.model.problem import Problem
from deploy.planning.document import plan_document
from deploy.planning.drift import drift
from deploy.planning.plan import plan_deploy
from tests.schemas import FOLDER, OTHERS, validate, validator
from tests.unit.planning.fleet import ROOT, desired_host, desired_service, empty_host, request
from tests.unit.reporting.samples import reports

ROOT_FOLDER = Path(__file__).parents[3]
OPEN = OpenTransaction("tx-1", "run-1", "stuck", "stop-x", "2026-11-24T21:10:00Z", executor_alive=False, error="hangs")
LOST = Unknown("b", Problem("timeout", "b", "no answer", next="invoke doctor --env dev"))


def named() -> set[str]:
    """Names of documents that the code prints."""
    pattern = re.compile(r'"([a-z]+(?:\.[a-z]+)?)/1"')
    sources = [*(ROOT_FOLDER / "deploy").rglob("*.py"), ROOT_FOLDER / "tasks.py"]
    return {name for path in sources for name in pattern.findall(path.read_text("utf-8"))}


def test_every_document_has_a_schema_and_every_schema_a_document() -> None:
    assert named() == {path.name.removesuffix(".schema.json") for path in FOLDER.glob("*.schema.json")} - OTHERS


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.schema.json")), ids=lambda path: str(path.name))
def test_schemas_are_schemas(path: Path) -> None:
    name = path.name.removesuffix(".schema.json")
    schema = validator(f"{name}/1").schema
    assert isinstance(schema, dict)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    if name not in OTHERS | {"event"}:
        assert schema["properties"]["schema"] == {"const": f"{name}/1"}
        assert {"schema", "env"} <= set(schema["required"])


@pytest.mark.parametrize("name", list(reports()))
def test_report(name: str) -> None:
    validate(json.loads(json.dumps(reports()[name])))


def test_plan() -> None:
    desired = (desired_host("a", desired_service("data-capture"), desired_service("order-manager")),)
    document = plan_document(plan_deploy(request(desired, {"a": empty_host("a")})))
    validate(document)
    assert document["hosts"][0]["steps"]


def test_plan_with_refusals() -> None:
    desired = (desired_host("a", desired_service("data-capture")),)
    document = plan_document(plan_deploy(request(desired, {"a": replace(LOST, host="a")})))
    validate(document)
    assert document["refusals"]


def test_status() -> None:
    facts = replace(empty_host("a"), transactions=(OPEN,))
    hosts = [status._host(ROOT, "a", facts), status._host(ROOT, "b", LOST)]
    validate({"schema": "status/1", "env": "dev", "release": None, "hosts": hosts})
    assert hosts[0]["open_transaction"]["state"] == "stuck"
    assert hosts[1]["reachable"] is False


def test_drift() -> None:
    found = drift(ROOT, {"a": {"TradingSystem-X": "1-0"}, "b": {}}, [], {"a": empty_host("a"), "b": LOST})
    validate({"schema": "drift/1", "env": "dev", "drift": [asdict(item) for item in found]})
    assert {item.host for item in found} == {"a", "b"}


def test_config_show(capsys: pytest.CaptureFixture[str]) -> None:
    config_show(Project(ROOT_FOLDER), "staging", Output(as_json=True), {"DEPLOY_WINRM_PASSWORD": "hunter2"})
    text = capsys.readouterr().out
    validate(json.loads(text))
    assert "hunter2" not in text


def test_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "inventories").mkdir()
    (tmp_path / "inventories" / "prod.py").touch()
    project = Project(tmp_path)
    for number, told in enumerate(reports().values()):
        folder = project.runs / f"2026112{number}T211000Z-prod-deploy-0000"
        folder.mkdir(parents=True)
        (folder / "report.json").write_text(json.dumps(told), encoding="utf-8")
    (project.runs / "20261130T000000Z-prod-deploy-dead").mkdir()
    (project.runs / "20261130T000000Z-dev-deploy-dead").mkdir()
    show_history(project, "prod", Output(as_json=True))
    document = json.loads(capsys.readouterr().out)
    validate(document)
    outcomes = [run["outcome"] for run in document["runs"]]
    assert outcomes == ["unknown", *(told["outcome"] for told in reversed(reports().values()))]


END: dict[str, Any] = {
    "schema": "event/1", "event": "end", "env": "prod", "ts": "2026-11-24T21:10:26Z", "run": "r", "outcome": "undone",
    "exit": 3, "from": "1", "to": "2", "requests": {"a": {"plan": 1}}, "outage_s": {"a": {"S": 0.7}},
    "report": {"json": "/r.json", "html": "/r.html"},
}  # fmt: skip
TOLD: dict[str, Any] = {
    "schema": "event/1", "env": None, "ts": "2026-11-24T21:10:00.000Z", "run": "r", "host": "a", "phase": "cutover",
    "step": "", "event": "start", "data": {},
}  # fmt: skip


@pytest.mark.parametrize("document", [END, TOLD])
def test_events(document: dict[str, Any]) -> None:
    validate(document)


@pytest.mark.parametrize(
    "document",
    [
        {**END, "outcome": "fine"},
        {**END, "exit": 7},
        {key: value for key, value in END.items() if key != "report"},
        {**END, "outage_s": {"a": {"S": -1}}},
        {**TOLD, "phase": "lunch"},
        {**TOLD, "ts": "yesterday"},
        {**TOLD, "surprise": 1},
        {**TOLD, "schema": "event/2"},
        {"schema": "nothing/1"},
        {},
    ],
)
def test_the_schemas_can_refuse(document: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        validate(document)
