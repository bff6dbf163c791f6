"""tests/verify over fake connections: what is right passes, what is wrong fails, and what wasn't asked fails too."""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploy.checks.runner import run_checks
from deploy.model.check import Check
from deploy.model.facts import HostFacts, OpenTransaction, ProbeAnswer, Process, Snapshot, Unknown
from deploy.model.problem import Problem
from tests.unit.checks.fleet import DATA, ORDERS, VERIFY, FakeConnection, deployed, expected
from tests.unit.planning.fleet import ROOT, with_service


def answering(facts: HostFacts) -> HostFacts:
    """Every service listens and answers, as after a start."""
    for name, fact in facts.services.items():
        port = {DATA: 5050, ORDERS: 5055}[name]
        well = ProbeAnswer(ok=True, status=200, body={}, error=None)
        facts = with_service(facts, name, ports=(("127.0.0.1", port, fact.state == "Running"),), probe=well)
    return facts


FLEET = {name: answering(facts) for name, facts in deployed("a", "b").items()}
WANTED = expected(FLEET)


def checked(snapshots: Mapping[str, Snapshot], tests: Path = VERIFY, junit: Path | None = None) -> list[Check]:
    connections = {
        name: FakeConnection(FLEET[name] if isinstance(fact, Unknown) else fact) for name, fact in snapshots.items()
    }
    return run_checks(tests, connections, snapshots, WANTED, ROOT, junit)


def failed(checks: list[Check]) -> set[tuple[str, str]]:
    return {(check.host, check.name) for check in checks if check.result != "passed"}


def test_a_fleet_as_it_should_be_passes(tmp_path: Path) -> None:
    checks = checked(FLEET, junit=tmp_path / "verify.xml")
    assert failed(checks) == set()
    assert {(check.host, check.name) for check in checks} >= {
        ("a", f"health[{ORDERS}]"), ("b", f"recovery_actions[{DATA}]"), ("b", "no_open_transaction")
    }  # fmt: skip
    suite = ET.parse(tmp_path / "verify.xml").getroot().find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == (str(len(checks)), "0", "0")


def registered(**changes: Any) -> Callable[[HostFacts], HostFacts]:
    def change(facts: HostFacts) -> HostFacts:
        registration = facts.services[DATA].registration
        assert registration is not None
        return with_service(facts, DATA, registration=replace(registration, **changes))

    return change


def serviced(**changes: Any) -> Callable[[HostFacts], HostFacts]:
    return lambda facts: with_service(facts, DATA, **changes)


def damaged(facts: HostFacts) -> HostFacts:
    return replace(facts, revisions=tuple(replace(item, damaged=("app.toml",)) for item in facts.revisions))


def unprotected(facts: HostFacts) -> HostFacts:
    return replace(facts, secrets={key: replace(fact, protected=False) for key, fact in facts.secrets.items()})


def left_open(facts: HostFacts) -> HostFacts:
    return replace(facts, transactions=(OpenTransaction("tx", "run", "stuck", "", "", executor_alive=False, error=""),))


def awake(facts: HostFacts) -> HostFacts:
    return replace(facts, agent=replace(facts.agent, task_exists=True, task_enabled=True))


SICK = ProbeAnswer(ok=False, status=503, body=None, error="status 503")


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (serviced(state="Stopped"), "running"),
        (registered(start="manual"), "running"),
        (registered(image_path=r'"C:\old\app.exe"'), "revision"),
        (registered(account="LocalSystem"), "registration"),
        (registered(failure_actions=""), "recovery_actions"),
        (registered(failure_on_non_crash=False), "recovery_actions"),
        (serviced(process=Process(r"C:\old\app.exe", "1")), "process"),
        (serviced(process=None), "process"),
        (serviced(probe=SICK), "health"),
        (serviced(ports=(("127.0.0.1", 5050, False),)), "port"),
        (serviced(registration=None), "running"),
        (damaged, "files"),
        (unprotected, "secrets"),
    ],
)
def test_each_wrong_thing_fails_its_check(change: Callable[[HostFacts], HostFacts], name: str) -> None:
    checks = checked({**FLEET, "b": change(FLEET["b"])})
    found = failed(checks)
    assert {check.result for check in checks} == {"passed", "failed"}
    assert ("b", f"{name}[{DATA}]") in found
    assert {host for host, _ in found} == {"b"}


@pytest.mark.parametrize(("change", "name"), [(left_open, "no_open_transaction"), (awake, "settling_task_sleeps")])
def test_what_is_left_on_a_host_fails(change: Callable[[HostFacts], HostFacts], name: str) -> None:
    assert failed(checked({**FLEET, "a": change(FLEET["a"])})) == {("a", name)}


def test_a_failed_check_says_why() -> None:
    checks = checked({**FLEET, "b": serviced(probe=SICK)(FLEET["b"])})
    assert [check.detail for check in checks if check.result == "failed"] == ["status 503"]


def test_a_silent_host_fails_and_hides_no_other() -> None:
    lost = Unknown("b", Problem("timeout", "b", "no answer for 60 s"))
    checks = checked({**FLEET, "b": lost})
    assert [check for check in checks if check.host == "b"] == [
        Check("b", "reachable", "unknown", "no answer for 60 s")
    ]
    assert any(check.host == "a" for check in checks)


def test_when_no_host_answers_that_is_all_that_is_said() -> None:
    lost = {name: Unknown(name, Problem("timeout", name, "no answer for 60 s")) for name in FLEET}
    assert {(check.host, check.name, check.result) for check in checked(lost)} == {
        (name, "reachable", "unknown") for name in FLEET
    }


def test_a_host_that_nobody_asked_fails() -> None:
    checks = checked({"a": FLEET["a"]})
    assert failed(checks) == {("b", "reachable")}


@pytest.mark.parametrize(
    "source",
    [
        "",
        "import nothing_of_that_name\n",
        "def test_x(host):\n    import pytest\n    pytest.skip('not today')\n",
        "import pytest\n@pytest.mark.skip(reason='never')\ndef test_x(host): pass\n",
        "import pytest\n@pytest.fixture\ndef broken(): raise OSError('gone')\ndef test_x(host, broken): pass\n",
        "def test_x(host): pass\n",
    ],
    ids=[
        "no tests",
        "cannot be imported",
        "skips",
        "is marked to be skipped",
        "set-up fails",
        "asks nothing of services",
    ],
)
def test_what_was_not_checked_is_not_called_good(source: str, tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(source)
    checks = checked(FLEET, tests=tmp_path)
    assert failed(checks)
    assert "failed" not in {check.result for check in checks}, "a check that gave no verdict must take nothing back"


def test_leaving_checks_out_by_the_environment_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k no_open_transaction")
    found = failed(checked(FLEET))
    assert ("", "tests/verify") in found
    assert ("a", f"checked[{ORDERS}]") in found
