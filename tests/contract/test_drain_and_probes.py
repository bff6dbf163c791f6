"""What is asked of a running service: probes, and that it drains."""

from tests.contract.stand_in import PORT, Service


def test_probes(service: Service) -> None:
    service.run()
    where = f"{service.host.address}:{PORT}"
    ask = service.worker.must
    health = {"kind": "http", "url": f"http://{where}/health", "timeout_s": 5}
    good = ask("probe", {**health, "expect": {"version": "1.0.0", "draining": False}})
    assert (good["ok"], good["status"], good["body"]["version"], good["error"]) == (True, 200, "1.0.0", None)
    for expect in ({"version": "2.0.0"}, {"draining": 0}, {"none": None, "version": "1"}):
        bad = ask("probe", {**health, "expect": expect})
        assert (bad["ok"], bad["status"]) == (False, 200), expect
    lost = ask("probe", {**health, "url": f"http://{where}/nothing", "expect": {}})
    assert (lost["ok"], lost["status"]) == (False, 404)
    tcp = ask("probe", {"kind": "tcp", "address": service.host.address, "port": PORT})
    assert tcp["ok"]
    assert 0 <= tcp["ms"] < 30_000
    assert ask("probe", {"kind": "ws", "url": f"ws://{where}/ws"})["ok"]
    assert ask("probe", {"kind": "ws", "url": f"ws://{where}/health"})["ok"] is False


def test_drain(service: Service) -> None:
    base = f"http://{service.host.address}:{PORT}"
    done = {"url": f"{base}/health", "field": "draining", "equals": True}
    drain = service.step("drain", url=f"{base}/drain", done=done, undo_url=f"{base}/resume", settle_s=0)
    assert not service.worker.apply(drain)[0]["changed"], "it doesn't run"
    service.run()
    assert service.worker.apply(drain, dry=True)[0]["changed"]
    assert service.fact()["probe"]["body"]["draining"] is False
    assert service.worker.apply(drain)[0]["changed"]
    assert service.fact()["probe"]["body"]["draining"] is True
    never = service.step("drain", 0.3, url=f"{base}/drain", done={**done, "equals": 7}, undo_url=base, settle_s=0)
    assert service.fails(never)["code"] == "timeout"
