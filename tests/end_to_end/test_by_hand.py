"""What somebody changes by hand, what Windows mends by itself, and the single writer's rule."""

import json

from tests.end_to_end.site import (
    API,
    CAPTURE,
    GATEWAY,
    MARKET,
    NUMBER,
    ORDERS,
    TRADE_1,
    TRADE_2,
    Site,
    answering,
    until,
)


def test_a_killed_data_capture_is_back_without_us(site: Site) -> None:
    runs, pid = site.runs, site.pids(TRADE_1)[CAPTURE]
    site.cmd(TRADE_1, f"taskkill /f /pid {pid}")
    until(lambda: site.pids(TRADE_1).get(CAPTURE, pid) != pid, "recovery actions start it anew")
    until(lambda: answering(site, [(TRADE_1, CAPTURE)]), "it is healthy again")
    assert site.runs == runs
    assert site.run("drift", "--env", "dev")["drift"] == []


def test_drift_names_what_somebody_changed_by_hand(site: Site) -> None:
    config = next((site.disk(TRADE_1) / "TradingSystem/releases" / ORDERS).glob("1.1.0-*")) / "config/appsettings.json"
    kept = config.read_bytes()
    site.cmd(TRADE_1, f"sc.exe config {CAPTURE} start= demand")
    site.cmd(TRADE_2, f"sc.exe failure {MARKET} reset= 60 actions= restart/1000")
    site.cmd(GATEWAY, f"sc.exe failureflag {API} 0")
    config.write_bytes(kept.replace(b"orderRateLimit", b"orderRateLimitX"))
    found = site.run("drift", "--env", "dev", code=6)["drift"]
    named = {(item["host"], item["service"], item["resource"]) for item in found}
    assert named == {
        (TRADE_1, CAPTURE, "registration.start"),
        (TRADE_2, MARKET, "registration.failure_actions"),
        (GATEWAY, API, "registration.failure_on_non_crash"),
        (TRADE_1, ORDERS, "file config/appsettings.json"),
    }
    verified = site.run("verify", "--env", "dev", code=6)["checks"]
    assert {check["host"] for check in verified if check["result"] == "failed"} == set(NUMBER)

    config.write_bytes(kept)
    assert site.deploy("1.1.0")["outcome"] == "committed"
    assert site.run("drift", "--env", "dev")["drift"] == []


def test_promise_1_a_single_writer_that_is_enabled_elsewhere_is_refused(site: Site) -> None:
    program = r"C:\Old\OrderManager.exe"
    site.cmd(TRADE_2, f'sc.exe create {ORDERS} binPath= "{program}" start= demand')
    before = site.states()
    assert "single-writer-elsewhere" in _codes(site, "1.0.0")
    assert site.deploy("1.0.0", code=2)["outcome"] == "refused"
    assert site.states() == before
    site.cmd(TRADE_2, f"sc.exe config {ORDERS} start= disabled")
    assert _codes(site, "1.0.0", code=0) == set()
    site.cmd(TRADE_2, f"sc.exe delete {ORDERS}")


def test_promise_1_a_single_writer_is_refused_while_a_host_can_not_be_asked(site: Site) -> None:
    site.power(GATEWAY, "off")
    try:
        assert "single-writer-unknown" in _codes(site, "1.0.0")
    finally:
        site.power(GATEWAY, "on")
    until(lambda: answering(site), "the host is back")


def test_promise_1_a_single_writer_is_placed_once(site: Site) -> None:
    site.edit("inventories/dev.py", "order_manager = [_trade_01]", "order_manager = [_trade_01, _trade_02]")
    before = site.states()
    told = site.say("deploy", "--env", "dev", "--release", "1.0.0", "--yes", code=2)
    site.edit("inventories/dev.py", "order_manager = [_trade_01, _trade_02]", "order_manager = [_trade_01]")
    assert f"the single writer is placed on {TRADE_1}, {TRADE_2}" in told
    assert site.states() == before


def _codes(site: Site, release: str, code: int = 2) -> set[str]:
    plan = site.plan(release, code=code)
    assert json.dumps(plan["refusals"])
    return {problem["code"] for problem in plan["refusals"]}
