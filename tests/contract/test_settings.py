"""Secrets, registry, firewall, attestation, our own installation; and steps that are none."""

from typing import Any

import pytest

from tests.contract.connection import Connection, sha256, step
from tests.contract.host_half import ROOT, HostHalf, access_of
from tests.contract.leftover import Leftover


@pytest.mark.stand_in("access lists")
def test_secrets(worker: Connection, host: HostHalf) -> None:
    path = rf"{ROOT}\secrets\S\broker"
    put = step("secret.put", path=path, data={"data": 0}, service="S")
    assert worker.apply(put, data=[b"canary-1"], dry=True)[0]["changed"]
    assert not host.path(path).exists()
    results = worker.apply(put, data=[b"canary-1"])
    assert results[0]["changed"]
    assert not worker.apply(put, data=[b"canary-1"])[0]["changed"]
    assert worker.apply(put, data=[b"canary-2"])[0]["changed"]
    assert host.path(path).read_bytes() == b"canary-2"
    assert "canary" not in str(results)
    named = step("secret.put", path=path, data={"data": 0}, service="a/b")
    assert worker.refusal(named, [b"canary-3"]) == "bad-request"
    host.path(path + "-dir").mkdir()
    in_the_way = worker.ask(
        "apply", {"steps": [{**put, "args": {**put["args"], "path": path + "-dir"}}]}, [b"canary-4"]
    )
    assert in_the_way.code == "exists"
    assert "canary" not in str(in_the_way.error)
    assert sha256(b"canary-4") not in str(in_the_way.error), "a weak secret could be guessed from it"
    own = [
        {"sid": "S-1-5-18", "rights": "full"},
        {"sid": "S-1-5-32-544", "rights": "full"},
        {"account": r"NT SERVICE\S", "rights": "read"},
    ]
    assert host.access(path) == access_of({"inherit": False, "grants": own})


def test_registry(worker: Connection, host: HostHalf) -> None:
    def put(value: Any, type_: str = "REG_SZ") -> dict[str, Any]:
        return step("registry.set", key=r"HKLM\SOFTWARE\TradingSystem", name="Mode [1]", type=type_, value=value)

    for value, type_ in (("a", "REG_SZ"), (7, "REG_DWORD"), (["a", "b"], "REG_MULTI_SZ"), ("00ff", "REG_BINARY")):
        assert worker.apply(put(value, type_), dry=True)[0]["changed"]
        assert worker.apply(put(value, type_))[0]["changed"]
        assert not worker.apply(put(value, type_))[0]["changed"]
    assert worker.apply(put(None))[0]["changed"]
    assert not worker.apply(put(None))[0]["changed"]
    assert worker.refusal(put("text", "REG_DWORD")) == "bad-request"
    assert worker.refusal(put("text", "REG_SOUP")) == "bad-request"
    elsewhere = step("registry.set", key=r"HKCU\Software\X", name="a", type="REG_SZ", value="b")
    assert worker.refusal(elsewhere) == "bad-request"


@pytest.mark.stand_in("firewall")
def test_firewall(worker: Connection) -> None:
    rule: dict[str, Any] = {"name": "TradingSystem-Try", "display_name": "Try", "port": 5055, "remote": "LocalSubnet"}
    put = step("firewall.ensure", **rule, present=True)
    assert worker.apply(put, dry=True)[0]["changed"]
    assert worker.apply(put)[0]["changed"]
    assert not worker.apply(put)[0]["changed"]
    (told,) = worker.must("facts", {"firewall": ["TradingSystem-Try"]})["firewall"]["value"]
    assert (told["exists"], told["port"], told["remote"], told["enabled"]) == (True, 5055, "LocalSubnet", True)
    assert worker.apply(step("firewall.ensure", **{**rule, "port": 5056}, present=True))[0]["changed"]
    gone = step("firewall.ensure", **rule, present=False)
    assert worker.change(gone, dry=True) == [True]
    assert worker.change(gone) == [True]
    assert worker.change(gone) == [False]
    (told,) = worker.must("facts", {"firewall": ["TradingSystem-Try"]})["firewall"]["value"]
    assert told["exists"] is False
    for wrong in ({"port": 0}, {"port": 65536}, {"port": "5055"}):
        assert worker.refusal(step("firewall.ensure", **{**rule, **wrong}, present=True)) == "bad-request", wrong


def test_attestation(worker: Connection) -> None:
    def attest(release: str, status: str = "good") -> dict[str, Any]:
        return step("release.attest", release=release, run="run-1", status=status, revisions={"S": f"{release}-abc"})

    assert worker.apply(attest("1.0.0"), dry=True)[0]["changed"]
    for each in (attest("1.0.0"), attest("1.1.0"), attest("1.1.0", "bad"), attest("1.0.0")):
        assert worker.apply(each)[0]["changed"]
        assert not worker.apply(each)[0]["changed"]
    told = worker.must("facts")["releases"]["value"]
    assert [(each["release"], each["status"]) for each in told] == [
        ("1.0.0", "good"),
        ("1.1.0", "good"),
        ("1.1.0", "bad"),
        ("1.0.0", "good"),
    ]
    assert all(each["at"] and each["run"] == "run-1" for each in told)
    assert worker.refusal(attest("1.0.0", "fine")) == "bad-request"


@pytest.mark.stand_in("task scheduler")
def test_installing_and_removing(worker: Connection, host: HostHalf) -> None:
    install, remove = step("executor.install"), step("executor.remove")
    assert worker.change(install) == [False]
    old = host.path(rf"{ROOT}\infrastructure\agent\{'0' * 64}.psm1")
    old.write_bytes(b"an older module")
    assert worker.change(install, dry=True) == [True]
    assert old.exists()
    assert worker.change(install) == [True]
    assert not old.exists()
    assert worker.change(remove, dry=True) == [True]
    assert worker.must("facts")["agent"]["value"]["task"]["exists"]
    Leftover(host, worker).write("t")
    assert worker.refusal(remove) == "transaction-open"
    host.path(rf"{ROOT}\state\transactions\t.journal").unlink()
    assert worker.change(remove) == [True]
    assert worker.change(remove) == [False]
    told = worker.must("facts")["agent"]["value"]
    assert (told["modules"], told["task"]) == ([], {"exists": False, "enabled": False, "sha": None})
    submission = {"tx": "t", "steps": [step("dir.ensure", path=rf"{ROOT}\data", acl=None)], "await_s": 30}
    assert worker.ask("tx.submit", submission).code == "missing", "nobody would carry it out"
    assert worker.ask("tx.read", {"tx": "t", "after": 0}).code == "missing"


MALFORMED: dict[str, dict[str, Any]] = {
    "no verb": {"id": "a", "args": {}},
    "no id": {"verb": "dir.remove", "args": {"path": "x"}},
    "unknown verb": step("format.disk"),
    "missing argument": step("dir.ensure", path=rf"{ROOT}\data"),
    "unknown argument": step("dir.remove", path=rf"{ROOT}\data", force=True),
    "no stream": step("secret.put", path=rf"{ROOT}\s", data={"data": 3}, service="S"),
    "text for a stream": step("secret.put", path=rf"{ROOT}\s", data="secret", service="S"),
    "service name": step("service.start_type", name="a\\b", start="auto"),
    "access list": step("dir.ensure", path=rf"{ROOT}\data", acl={"inherit": "yes", "grants": []}),
    "rights": step(
        "dir.ensure", path=rf"{ROOT}\data", acl={"inherit": True, "grants": [{"sid": "S-1-5-18", "rights": "all"}]}
    ),
    "expectation": step("dir.ensure", path=rf"{ROOT}\data", acl=None, expect={"exists": True}),
}


def test_malformed_steps(worker: Connection) -> None:
    for name, malformed in MALFORMED.items():
        assert worker.ask("apply", {"steps": [malformed]}).code == "bad-request", name
        assert worker.ask("apply", {"steps": [malformed], "dry": True}).code == "bad-request", f"{name}, dry"
        assert worker.ask("probe", {"kind": "process"}).ok


def test_the_first_error_stops_and_tells_what_was_done(worker: Connection, host: HostHalf) -> None:
    steps = [
        step("dir.ensure", "first", path=rf"{ROOT}\a", acl=None),
        step("service.start", "second", name="Absent"),
        step("dir.ensure", "third", path=rf"{ROOT}\b", acl=None),
    ]
    answer = worker.ask("apply", {"steps": steps})
    assert (answer.code, answer.error["where"]) == ("missing", "second")
    assert [each["id"] for each in answer.error["done"]] == ["first"]
    assert not host.path(rf"{ROOT}\b").exists()
    twice = worker.ask("apply", {"steps": [steps[0], steps[0]]})
    assert twice.code == "bad-request", "an id names one step"
