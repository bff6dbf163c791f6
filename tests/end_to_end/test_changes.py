"""Approved plans, configuration-only deploys, rollbacks to what was attested. The tests build on each other."""

import json
from pathlib import Path
from typing import Any

from tests.end_to_end.site import CAPTURE, MARKET, NUMBER, PLACED, TRADE_1, TRADE_2, Site, answering, until

CAPTURES = [(TRADE_1, CAPTURE), (TRADE_2, CAPTURE)]
BUFFER = "inventories/group_data/all.py", "tick_buffer = 65536", "tick_buffer = 131072"


def test_promise_4_a_host_that_changed_since_is_not_touched(site: Site) -> None:
    approved = site.plan("1.0.0")["hash"]
    line = site.image_path(TRADE_2, MARKET)
    site.cmd(TRADE_2, rf"sc.exe config {MARKET} binPath= C:\Elsewhere\MarketData.exe")
    before = site.states()
    end = site.run("deploy", "--env", "dev", "--release", "1.0.0", "--plan", approved, code=2)
    assert end["outcome"] == "refused"
    assert site.states() == before
    escaped = line.replace('"', r"\"")
    site.cmd(TRADE_2, f'sc.exe config {MARKET} binPath= "{escaped}"')
    assert site.image_path(TRADE_2, MARKET) == line
    assert site.plan("1.0.0")["hash"] == approved


def test_promise_4_what_was_approved_is_what_runs(site: Site) -> None:
    plan = site.plan("1.0.0")
    steps = {(host["name"], step["id"]) for host in plan["hosts"] for step in host["steps"]}
    end = site.run("deploy", "--env", "dev", "--release", "1.0.0", "--plan", plan["hash"])
    assert end["outcome"] == "committed"
    report = _report(end)
    assert report["plan"]["hash"] == plan["hash"]
    done = {(event["host"], event["step"]) for event in report["events"] if event["data"].get("what") == "done"}
    assert done == {step for step in steps if step[1] not in ("attest", "prune")}
    assert site.versions() == {"1.0.0"}


def test_a_configuration_only_deploy_and_its_rollback(site: Site) -> None:
    before = site.serving()
    site.edit(*BUFFER)
    end = site.deploy("1.0.0")
    assert (end["outcome"], end["from"], end["to"]) == ("committed", "1.0.0", "1.0.0")
    after = site.serving()
    assert {place for place in PLACED if after[place].folder != before[place].folder} == set(CAPTURES)
    for place in CAPTURES:
        old, new = json.loads(before[place].configuration), json.loads(after[place].configuration)
        assert new == {**old, "tickBuffer": 131072}
        assert old["tickBuffer"] == 65536
        assert (after[place].version, after[place].build) == (before[place].version, before[place].build)
    assert site.rollback()["outcome"] == "committed"
    assert site.serving() == before
    path, old_line, new_line = BUFFER
    site.edit(path, new_line, old_line)


def test_promise_8_an_unreachable_host_is_refused_or_left_out_by_name(site: Site) -> None:
    site.power(TRADE_2, "off")
    others = {host: site.state(host) for host in NUMBER if host != TRADE_2}
    assert TRADE_2 in {problem["where"] for problem in site.plan("1.1.0", code=2)["refusals"]}
    assert site.deploy("1.1.0", code=2)["outcome"] == "refused"
    assert TRADE_2 in {problem["where"] for problem in _report(site.rollback(code=2))["problems"]}
    assert {host: site.state(host) for host in others} == others
    assert "reason" in site.say("rollback", "--env", "dev", "--without", TRADE_2, "--yes", code=1)

    end = site.rollback("--to", "1.1.0", "--without", TRADE_2, "--reason", "disk replaced", code=3)
    assert end["to"] == "1.1.0"
    assert _report(end)["reason"] == "disk replaced"
    assert site.versions([place for place in PLACED if place[0] != TRADE_2]) == {"1.1.0"}
    assert site.status(code=5)[TRADE_2]["reachable"] is False

    site.power(TRADE_2, "on")
    until(lambda: answering(site), "the host's services start with it")
    assert site.versions([(TRADE_2, CAPTURE)]) == {"1.0.0"}


def test_rollback_goes_where_it_is_told_and_skips_what_was_bad(site: Site) -> None:
    assert site.rollback(code=2)["outcome"] == "refused", "hosts run different releases: which one is to be left?"
    end = site.rollback("--to", "1.1.0")
    assert (end["outcome"], end["to"]) == ("committed", "1.1.0")
    assert {host for host, services in end["outage_s"].items() if services} == {TRADE_2}
    assert site.versions() == {"1.1.0"}
    before = site.states()
    for words in (["--to", "7.7.7"], ["--to", "1.0.0"], []):
        assert site.rollback(*words, code=2)["outcome"] == "refused", "nothing good is left before 1.1.0"
    assert site.states() == before
    runs = site.run("history", "--env", "dev")["runs"]
    assert [(run["kind"], run["to"], run["outcome"]) for run in runs if run["outcome"] != "refused"][:3] == [
        ("rollback", "1.1.0", "committed"),
        ("rollback", "1.1.0", "partial"),
        ("rollback", "1.0.0", "committed"),
    ]


def _report(end: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(Path(end["report"]["json"]).read_text()))
