"""Resources and what is asked of a host, so that a decision never lacks a fact."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.model.revision import Probe
from deploy.planning.decide import decide, stage
from deploy.planning.facts_request import ServiceQuery, facts_args
from deploy.planning.paths import program, revision_in, under
from deploy.planning.resources import Folder, SettlingTask, resources_of
from tests.unit.planning.fleet import ROOT, desired_host, desired_service, empty_host
from tests.unit.planning.simulated import SimulatedHost

DC = "TradingSystem-DataCapture"


def test_staging_twice_finds_nothing_the_second_time() -> None:
    desired = desired_host("a", desired_service("data-capture"), desired_service("docs"))
    host = SimulatedHost(empty_host("a"))
    steps = stage(ROOT, desired, host.facts)
    assert len({step.id for step in steps}) == len(steps)
    assert all(step.reason for step in steps)
    host.carry_out(steps)
    assert stage(ROOT, desired, host.facts) == ()


@pytest.mark.parametrize("number", range(len(resources_of(ROOT, desired_host("a", desired_service("docs"))))))
def test_each_resource_is_decided_alone(number: int) -> None:
    desired = desired_host("a", desired_service("docs"))
    resource = resources_of(ROOT, desired)[number]
    host = SimulatedHost(empty_host("a"))
    host.carry_out(stage(ROOT, desired, host.facts))
    assert decide(resource, host.facts) == ()


def test_an_archive_is_pulled_where_it_can_be_and_pushed_otherwise() -> None:
    service = desired_service("data-capture")
    assert service.archive is not None
    pushed = replace(service, archive=replace(service.archive, url=None, path=Path("store/x.zip")))
    for desired, verb in ((service, "file.fetch"), (pushed, "file.put")):
        steps = stage(ROOT, desired_host("a", desired), empty_host("a"))
        found = [step for step in steps if step.args.get("sha256") == service.archive.sha256]
        assert [step.verb for step in found] == [verb]
    nowhere = replace(service, archive=replace(service.archive, url=None, path=None))
    with pytest.raises(ValueError, match="neither url nor path"):
        stage(ROOT, desired_host("a", nowhere), empty_host("a"))


def test_a_folder_that_others_may_reach_is_closed() -> None:
    host = SimulatedHost(empty_host("a"))
    folder = next(item for item in resources_of(ROOT, desired_host("a")) if isinstance(item, Folder))
    host.carry_out(decide(folder, host.facts))
    assert decide(folder, host.facts) == ()
    open_path = replace(host.facts.paths[ROOT], protected=False)
    assert decide(folder, replace(host.facts, paths={ROOT: open_path}))[0].verb == "dir.ensure"


@pytest.mark.parametrize(
    ("exists", "sha", "modules", "steps"),
    [
        (True, "a" * 64, ("a" * 64,), 0),
        (False, None, ("a" * 64,), 1),
        (True, "b" * 64, ("a" * 64,), 1),
        (True, "a" * 64, ("a" * 64, "b" * 64), 1),
    ],
)
def test_the_settling_task_follows_the_module(
    exists: bool, sha: str | None, modules: tuple[str, ...], steps: int
) -> None:
    facts = empty_host("a")
    agent = replace(facts.agent, task_exists=exists, task_sha=sha, modules=modules)
    assert len(decide(SettlingTask(), replace(facts, agent=agent))) == steps


def test_facts_are_asked_for_all_that_is_decided_from() -> None:
    desired = desired_host("a", desired_service("data-capture"))
    args = facts_args(ROOT, desired, [ServiceQuery("TradingSystem-OrderManager")], deep=True)
    json.dumps(args)
    assert [item["name"] for item in args["services"]] == ["TradingSystem-OrderManager", DC]
    assert args["services"][0]["probe"] is None
    assert args["services"][1]["probe"]["kind"] == "http"
    assert args["secrets"] == [
        {"service": DC, "name": "password", "path": rf"{ROOT}\secrets\{DC}\password"},
    ]
    asked = set(args["paths"])
    assert all(item.path in asked for item in resources_of(ROOT, desired) if isinstance(item, Folder))
    assert len([path for path in asked if path.endswith(".zip")]) == 2
    assert args["firewall"] == [f"{DC}-5050"]
    assert args["deep"] is True
    bare = facts_args(ROOT, None, [ServiceQuery("x", Probe("tcp", address="::1", port=1), (("::1", 1),), ("s",))])
    assert bare["services"] == [
        {
            "name": "x",
            "probe": {"kind": "tcp", "address": "::1", "port": 1, "timeout_s": 5.0},
            "ports": [{"address": "::1", "port": 1}],
        }
    ]
    assert (bare["paths"], bare["firewall"]) == ([], ["x-1"])


@pytest.mark.parametrize(
    ("image_path", "expected"),
    [
        (r'"C:\a b\c.exe" --x', r"C:\a b\c.exe"),
        (r"C:\a b\c.EXE --x", r"C:\a b\c.EXE"),
        (r"C:\a\c.exe", r"C:\a\c.exe"),
        (r"C:\a\tool --x", r"C:\a\tool"),
    ],
)
def test_programs_of_command_lines(image_path: str, expected: str) -> None:
    assert program(image_path) == expected


def test_revisions_in_command_lines() -> None:
    folder = rf"{ROOT}\releases\{DC}\1.0.0-abc"
    assert revision_in(ROOT, DC, rf'"{folder}\app.exe"') == "1.0.0-abc"
    assert revision_in(ROOT, DC, rf"C:\py.exe {folder.upper()}\main.py") == "1.0.0-ABC"
    assert revision_in(ROOT, "TradingSystem-Data", rf'"{folder}\app.exe"') is None
    assert under(rf"{ROOT}\X\y", ROOT.lower())
    assert not under(rf"{ROOT}2\y", ROOT)
