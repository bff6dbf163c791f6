"""WindowsTarget on a simulated host: the built-in engine behind real WS-Man."""

import contextlib
import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.execution.target import Holder, TargetRefused
from deploy.model.facts import HostFacts
from deploy.model.step import Blob, Step
from deploy.sandbox.fleet.client import FleetClient
from deploy.windows.plain import Plain
from deploy.winrm.endpoint import Endpoint
from tests.sandbox.connector.conftest import MakeTarget

HOLDER = Holder("run-1", "ann@desk", "deploy", "2026-11-24T18:00:00Z")
INSTALL = Step("settling-task", "executor.install", {}, "why", deadline_s=60)


def set_value(name: str, value: str, **more: Any) -> Step:
    args = {"key": r"HKLM\SOFTWARE\TradingSystem", "name": name, "type": "REG_SZ", "value": value}
    return Step(f"set-{name}", "registry.set", args, "why", **more)


def never_healthy(deadline_s: float, service: str = "NoSuch") -> Step:
    gate = {"folder": None, "manifest_sha256": None, "min_healthy_s": 1, "interval_s": 1}
    args = {"name": service, "probe": {"kind": "process"}, **gate}
    return Step("healthy", "service.healthy", args, "why", service, deadline_s=deadline_s)


def test_facts_cold_with_the_module_cached_take_nine_requests(make_target: MakeTarget) -> None:
    first = make_target()
    assert isinstance(first.facts(), HostFacts)
    first.close()
    second = make_target()
    facts = second.facts()
    assert isinstance(facts, HostFacts)
    assert second.traffic.requests["plan"] <= 9
    assert facts.system.computer.lower() == "web01"
    assert facts.transactions == ()


@pytest.mark.parametrize("login", ["ntlm", "basic", "certificate"])
def test_logins_over_https(make_target: MakeTarget, fleet: FleetClient, login: str) -> None:
    files = fleet.folder.certificates
    changes: dict[str, Any] = {"scheme": "https", "login": login}
    if login == "certificate":
        changes |= {"certificate": files.client, "certificate_key": files.client_key, "password": None}
    assert isinstance(make_target(**changes).facts(), HostFacts)


def test_lock_steps_and_a_transaction(make_target: MakeTarget, folder: Path) -> None:
    target = make_target()
    target.lock(HOLDER, 0)
    content = b"\x00\xff" * 500_000
    digest = hashlib.sha256(content).hexdigest()
    args = {"path": r"C:\TradingSystem\cache\x", "sha256": digest, "size": len(content)}
    put = Step("put", "file.put", {**args, "data": Blob(digest, content), "acl": None}, "why")
    assert next(result.changed for result in target.apply((put, INSTALL))) is True
    assert [result.changed for result in target.apply((put, INSTALL))] == [False, False]
    assert next(folder.rglob("cache/x")).read_bytes() == content
    target.phase("cutover")
    end = target.transact("tx-1", (set_value("A", "1"), set_value("B", "2")), lambda _records: None)
    assert (end.outcome, end.error) == ("committed", "")
    assert [record["t"] for record in end.records][-1] == "ended"
    assert target.traffic.requests["cutover"] <= 4
    assert b"0x" not in target.run(Plain(r"reg query HKLM\SOFTWARE\TradingSystem /v B")).stdout
    target.unlock()


def test_a_failing_transaction_is_undone_and_says_why(make_target: MakeTarget) -> None:
    target = make_target()
    target.lock(HOLDER, 0)
    target.apply((INSTALL,))
    end = target.transact("tx-2", (set_value("C", "1"), never_healthy(1)), lambda _records: None)
    assert end.outcome == "undone"
    assert end.error
    assert target.run(Plain(r"reg query HKLM\SOFTWARE\TradingSystem /v C")).exit_code == 1
    target.unlock()


@pytest.mark.parametrize("when", ["before:Send", "after:Send", "before:Receive", "after:Receive"])
def test_a_lost_connection_is_found_out(make_target: MakeTarget, fleet: FleetClient, when: str) -> None:
    target = make_target()
    target.lock(HOLDER, 0)
    target.apply((INSTALL,))
    fleet.ask({"do": "fault", "host": "web01", "fault": {"kind": "drop-connection", "label": when}})
    tx = f"tx-{when.replace(':', '-')}"
    end = target.transact(tx, (set_value("D", when),), lambda _records: None)
    assert end.outcome == ("dropped" if when == "before:Send" else "committed") or when == "after:Send"
    shown = target.run(Plain(r"reg query HKLM\SOFTWARE\TradingSystem /v D")).stdout.decode()
    assert (when in shown) == (end.outcome == "committed")
    target.apply((INSTALL,))
    target.unlock()


def test_a_deleted_shell_is_found_out(make_target: MakeTarget, fleet: FleetClient) -> None:
    target = make_target()
    target.lock(HOLDER, 0)
    target.apply((INSTALL,))
    fleet.ask({"do": "fault", "host": "web01", "fault": {"kind": "delete-shell", "label": "before:Receive"}})
    end = target.transact("tx-shell", (set_value("E", "1"),), lambda _records: None)
    assert end.outcome in {"committed", "dropped"}
    target.unlock()


def test_a_second_run_is_refused_and_told_who_is_there(make_target: MakeTarget) -> None:
    first, second = make_target(), make_target()
    epoch = first.lock(HOLDER, 0)
    with pytest.raises(TargetRefused, match="ann@desk") as caught:
        second.lock(Holder("run-2", "bob@desk", "deploy", "later"), 0)
    assert caught.value.problem.code == "locked"
    first.close()
    until = time.monotonic() + 20
    while not second.holds_lock:
        # The host takes a moment to end the first one's process.
        with contextlib.suppress(TargetRefused):
            assert second.lock(Holder("run-2", "bob@desk", "deploy", "later"), 0) > epoch
        assert time.monotonic() < until
    second.unlock()


def test_plain_commands(make_target: MakeTarget, endpoint: Callable[..., Endpoint]) -> None:
    target = make_target()
    assert target.run(Plain("hostname")).stdout.strip().lower() == b"web01"
    assert target.run(Plain("cmd /c exit 7")).exit_code == 7
    ended = target.run(Plain("echo %A%", environment={"A": "x y"}, directory=r"C:\Windows"))
    assert ended.stdout.strip() == b"x y"
