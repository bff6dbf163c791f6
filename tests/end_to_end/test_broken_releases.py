"""Releases that fail: afterwards every service of the failed domain answers as before, configuration included."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.site import API, CAPTURE, GATEWAY, ORDERS, PLACED, Site

ARTIFACT = {CAPTURE: "data-capture", ORDERS: "order-manager", API: "api-gateway"}
SERVICE = {artifact: service for service, artifact in ARTIFACT.items()}


def report_of(end: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(Path(end["report"]["json"]).read_text()))


@pytest.mark.parametrize(
    ("version", "fault", "broken"),
    [
        ("2.0.1", "unhealthy", list(ARTIFACT.values())),
        ("2.0.2", "wrong-version", ["order-manager"]),
        ("2.0.3", "crash-loop", ["data-capture"]),
    ],
)
def test_promise_3_a_broken_release_leaves_the_old_one_serving(
    site: Site, version: str, fault: str, broken: list[str]
) -> None:
    before = site.serving()
    site.edit("inventories/group_data/all.py", "tick_buffer = 65536", "tick_buffer = 131072")
    site.build(version, fault, broken)
    end = site.deploy(version, code=3)
    site.edit("inventories/group_data/all.py", "tick_buffer = 131072", "tick_buffer = 65536")
    assert (end["outcome"], end["from"], end["to"]) == ("undone", "1.1.0", version)
    assert site.serving() == before
    report = report_of(end)
    assert {item["state"] for item in report["standing"]} == {"old"}
    assert any(SERVICE[broken[0]] in problem["what"] for problem in report["problems"])
    assert {host["release"] for host in site.status().values()} == {"1.1.0"}


def test_promise_3_another_failure_domain_stays_on_the_new_release(site: Site) -> None:
    gateway = site.serving([(GATEWAY, API)])
    site.build("2.1.0", "crash-on-start", ["api-gateway"])
    end = site.deploy("2.1.0", code=3)
    assert end["outcome"] == "partial"
    trading = [place for place in PLACED if place[1] != API]
    assert site.versions(trading) == {"2.1.0"}
    assert site.serving([(GATEWAY, API)]) == gateway
    standing = {(item["host"], item["service"]): item["state"] for item in report_of(end)["standing"]}
    assert standing == {**dict.fromkeys(trading, "new"), (GATEWAY, API): "old"}
