"""pyinfra's own command line prepares a fresh host: under the lock, without starting anything."""

import json
import subprocess
import sys

from deploy.cli.playground import TOOLKIT
from tests.end_to_end.site import API, CAPTURE, GATEWAY, NUMBER, PLACED, Site, answering


def pyinfra(site: Site) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pyinfra", "-y", "inventories/dev.py", str(TOOLKIT / "deploy" / "prepare.py")],
        cwd=site.folder,
        env={**site.play.environment(), "PYTHONPATH": str(TOOLKIT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_pyinfra_prepares_fresh_hosts_under_the_lock_and_starts_nothing(fresh: Site) -> None:
    first = pyinfra(fresh)
    assert first.returncode == 0, first.stderr[-3000:]
    for host in NUMBER:
        state = fresh.state(host)
        assert state["services"] == {}
        assert state["machine"]["tasks"]["\\tradingsystem\\settle"]["enabled"] is False
        lock = json.loads((fresh.disk(host) / "TradingSystem/state/lock.json").read_text())
        assert (lock["run"], lock["epoch"]) == (None, 1)
    for host, service in PLACED:
        assert "DISABLED" in fresh.cmd(host, f"sc.exe qc {service}")
        assert list((fresh.disk(host) / "TradingSystem/releases" / service).glob("1.0.0-*/revision.json"))

    before = {host: fresh.state(host)["files"] for host in NUMBER}
    second = pyinfra(fresh)
    assert second.returncode == 0, second.stderr[-3000:]
    after = {host: fresh.state(host)["files"] for host in NUMBER}
    assert {
        host: _changed(before[host], after[host]) <= {"TradingSystem/state/lock.json"} for host in NUMBER
    } == dict.fromkeys(NUMBER, True)

    plan = fresh.plan("1.0.0")
    assert {step["verb"] for host in plan["hosts"] for step in host["steps"]}.isdisjoint(
        {"folder.compose", "service.create"}
    )
    assert fresh.deploy("1.0.0")["outcome"] == "committed"
    assert answering(fresh, [*PLACED, (GATEWAY, API)])
    pids = fresh.pids("dev-trade-01")
    assert pyinfra(fresh).returncode == 0
    assert fresh.pids("dev-trade-01")[CAPTURE] == pids[CAPTURE]


def _changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
