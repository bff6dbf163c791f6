"""Controllers and hosts that die, runs that are interrupted, and the lock that keeps two runs apart."""

import getpass
import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.playground import Answer
from deploy.sandbox.fleet.client import FleetClient
from tests.end_to_end.site import CAPTURE, NUMBER, PLACED, TRADE_1, TRADE_2, Site, answering, until

LEASE_S = 60.0
SLOW_S = "4"
Process = subprocess.Popen[str]


@pytest.fixture
def started(site: Site) -> Iterator[Callable[[], Process]]:
    """Starts a deploy of the release that doesn't serve; ends it with the test, and lets the hosts settle."""
    processes: list[Process] = []

    def start() -> Process:
        release = "1.0.0" if site.health(TRADE_1, CAPTURE)["version"] == "1.1.0" else "1.1.0"
        processes.append(site.play.start("deploy", "--env", "dev", "--release", release, "--yes", "--json"))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()
    for host in NUMBER:
        FleetClient(site.sandbox).ask({"do": "clear", "host": host})


def mid_cutover(site: Site, started: Callable[[], Process]) -> Process:
    """A deploy whose first transaction on the first host has stood still for a while."""
    runs = len(site.runs)
    site.fault(TRADE_1, "slow", "--step", "acted:2", "--seconds", SLOW_S)
    process = started()
    until(lambda: at_work(site, TRADE_1, runs), "the run is in mid-cutover", 30.0)
    return process


def end_of(site: Site, process: Process, code: int) -> dict[str, Any]:
    stdout, stderr = process.communicate(timeout=120)
    return site.end_of(Answer(process.returncode, stdout, stderr), code, streaming=True)


def records(site: Site, host: str) -> list[dict[str, Any]]:
    """What the newest journal of a host says."""
    folder = site.disk(host) / "TradingSystem/state/transactions"
    newest = max(folder.glob("*.journal"), key=lambda path: path.name)
    return [json.loads(line.split(" ", 3)[3]) for line in newest.read_text().splitlines()]


def at_work(site: Site, host: str, runs: int) -> bool:
    """Whether the newest run has a transaction on the host that did something and goes on."""
    if len(site.runs) <= runs:
        return False
    told = records(site, host)
    newest = site.runs[-1].name
    kinds = [record["t"] for record in told]
    return str(told[0].get("tx", "")).startswith(newest) and "done" in kinds and "ended" not in kinds


def settled(site: Site) -> bool:
    """Whether no host has an open transaction."""
    return all(records(site, host)[-1]["t"] == "ended" for host in NUMBER)


def whole(site: Site, versions: tuple[str, ...]) -> bool:
    """Whether every service is one of these versions, complete, under its own revision folder."""
    for serving in site.serving().values():
        name = serving.folder.rpartition("\\")[2]
        if serving.version not in versions or not name.startswith(f"{serving.version}-"):
            return False
    return True


def test_promise_5_a_second_run_is_refused_and_names_who_holds_the_lock(
    site: Site, started: Callable[[], Process]
) -> None:
    first = mid_cutover(site, started)
    run = site.runs[-1].name
    second = site.deploy("1.0.0", code=2)
    assert second["outcome"] == "refused"
    told = json.dumps(json.loads(Path(second["report"]["json"]).read_text())["problems"])
    assert run in told
    assert f"held by {getpass.getuser()}@{socket.gethostname()}" in told
    assert end_of(site, first, 0)["outcome"] == "committed"
    assert site.versions() == {"1.0.0"}


def test_interrupted_once_running_transactions_finish_and_no_new_one_begins(
    site: Site, started: Callable[[], Process]
) -> None:
    process = mid_cutover(site, started)
    process.send_signal(signal.SIGINT)
    end = end_of(site, process, 130)
    assert end["outcome"] == "interrupted"
    report = json.loads(Path(end["report"]["json"]).read_text())
    standing = {(item["host"], item["service"]): item["state"] for item in report["standing"]}
    assert set(standing) == set(PLACED)
    assert standing[TRADE_1, CAPTURE] == "new"
    assert "old" in standing.values()
    for place, serving in site.serving().items():
        assert serving.version == end["to" if standing[place] == "new" else "from"]
    assert site.deploy(end["to"])["outcome"] == "committed"


def test_promise_2_and_5_power_and_controller_lost_in_mid_cutover(site: Site, started: Callable[[], Process]) -> None:
    epoch = _epoch(site)
    site.fault(TRADE_1, "power-off", "--step", "acted:2")
    process = started()
    until(lambda: not site.powered(TRADE_1), "the host lost its power")
    process.kill()
    site.power(TRADE_1, "on")
    until(lambda: settled(site) and answering(site), "the host mends itself, with nobody connecting", 105.0)
    assert whole(site, ("1.0.0", "1.1.0"))
    assert records(site, TRADE_1)[-1]["outcome"] == "undone"

    until(lambda: _free(site), "the lock of the dead controller falls free with its workers", LEASE_S + 30.0)
    version = site.health(TRADE_2, CAPTURE)["version"]
    assert site.deploy("1.1.0" if version == "1.0.0" else "1.0.0")["outcome"] == "committed"
    assert _epoch(site) > epoch


def test_interrupted_twice_the_controller_leaves_and_hosts_settle(site: Site, started: Callable[[], Process]) -> None:
    process = mid_cutover(site, started)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.2)  # two signals that are pending at once would be one
    process.send_signal(signal.SIGINT)
    stderr = process.communicate(timeout=3)[1]
    assert process.returncode == 130
    assert "hosts settle" in stderr
    assert not settled(site)
    until(lambda: settled(site) and answering(site), "the host ends its transaction by itself")
    assert whole(site, ("1.0.0", "1.1.0"))


def _free(site: Site) -> bool:
    return all(host["lock"] is None for host in site.status().values())


def _epoch(site: Site) -> int:
    return int(json.loads((site.disk(TRADE_1) / "TradingSystem/state/lock.json").read_text())["epoch"])
