"""A new fleet: plan, deploy, deploy again; what is told, what is left, and that no secret shows anywhere."""

import json
import os
import re
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.sandbox.fleet.folder import write_private
from tests.end_to_end.conftest import FRESH_PREFIX, new_site
from tests.end_to_end.site import CAPTURE, NUMBER, ORDERS, PLACED, TRADE_1, TRADE_2, Site

BROKER, KEY, WINRM = (
    "secrets/dev/TradingSystem-OrderManager/broker-password",
    "secrets/dev/settings/secrets_digest_key",
    "sandbox/dev/password",
)
CANARIES = {
    BROKER: f"canary-broker-{secrets.token_hex(12)}",
    KEY: secrets.token_hex(32),
    WINRM: f"canary-winrm-{secrets.token_hex(12)}",
}
"""File under `.deploy` → its content. Nothing else may ever hold it, but the one protected file of a host."""
LOOKING = (
    "plan --env dev --release 1.0.0",
    "rollback --env dev --to 1.0.0 --dry --json",
    "status --env dev",
    "drift --env dev --json",
    "verify --env dev --json",
    "history --env dev --json",
    "config.show --env dev",
    "config.show --env dev --json",
    "sandbox.status",
)
AGENT = "TradingSystem/infrastructure/agent"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = new_site(tmp_path_factory.mktemp("canary"), FRESH_PREFIX)
    for name, value in CANARIES.items():
        path = site.folder / ".deploy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, value)
    try:
        site.run("sandbox.up")
        for version in ("1.0.0", "1.1.0"):
            site.build(version)
        yield site
    finally:
        site.run("sandbox.down")


@pytest.fixture(scope="module")
def watched(site: Site) -> Iterator["Watch"]:
    watch = Watch(site.folder)
    yield watch
    watch.end()


class Watch(threading.Thread):
    """Looks at the command line and environment of every process of the project, again and again, until ended."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self._folder, self._over = str(folder).encode(), threading.Event()
        self.seen: set[bytes] = set()
        self.start()

    def end(self) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        while not self._over.wait(0.1):
            for process in Path("/proc").glob("[0-9]*"):
                if process.name != str(os.getpid()):
                    self._look(process)

    def _look(self, process: Path) -> None:
        try:
            told = (process / "cmdline").read_bytes() + b"\0" + (process / "environ").read_bytes()
        except OSError:
            return
        if self._folder in told:
            self.seen.add(told)


def test_plan_changes_nothing_and_deploy_does(site: Site, watched: Watch) -> None:
    untouched = site.states()
    plan = site.plan("1.0.0")
    before = site.states()
    assert site.plan("1.0.0")["hash"] == plan["hash"]
    assert site.states() == before
    for host, state in before.items():
        new = state["files"].keys() - untouched[host]["files"].keys()
        assert {Path(path).parent.as_posix() for path in new} == {AGENT}, "the first question leaves its module only"
        assert state["services"] == {}
    assert plan["changes"] > 0
    assert plan["refusals"] == []
    assert {host["name"] for host in plan["hosts"]} == set(NUMBER)

    end = site.deploy("1.0.0")
    assert (end["outcome"], end["from"], end["to"]) == ("committed", None, "1.0.0")
    assert site.versions() == {"1.0.0"}
    report = json.loads(Path(end["report"]["json"]).read_text())
    assert {(item["host"], item["service"], item["state"]) for item in report["standing"]} == {
        (host, service, "new") for host, service in PLACED
    }
    assert all(check["result"] == "passed" for check in report["checks"])
    assert not any(list((site.disk(host) / "TradingSystem/cache").rglob("*.zip")) for host in NUMBER)


def test_promise_6_what_is_there_already_is_not_touched(site: Site) -> None:
    before = site.states()
    end = site.deploy("1.0.0")
    assert end["outcome"] == "unchanged"
    assert {phase for phases in end["requests"].values() for phase in phases} == {"plan"}
    assert end["outage_s"] == {}
    assert site.states() == before
    assert "nothing to do" in site.say("deploy", "--env", "dev", "--release", "1.0.0", "--yes")
    assert site.states() == before


def test_a_limited_deploy_touches_the_named_host_and_is_not_attested(site: Site) -> None:
    others = {host: site.state(host) for host in NUMBER if host != TRADE_2}
    end = site.deploy("1.1.0", "--limit", TRADE_2)
    assert end["outcome"] == "committed"
    assert site.health(TRADE_2, CAPTURE)["version"] == "1.1.0"
    assert site.health(TRADE_1, CAPTURE)["version"] == "1.0.0"
    after = {host: site.state(host) for host in others}
    assert {host: state["services"] for host, state in after.items()} == {
        host: state["services"] for host, state in others.items()
    }
    releases = json.loads((site.disk(TRADE_2) / "TradingSystem/state/releases.json").read_text())
    assert end["run"] not in {record["run"] for record in releases}


def test_promise_7_no_secret_shows_anywhere(site: Site, watched: Watch) -> None:
    site.build("1.2.0", "unhealthy", ["order-manager"])
    site.deploy("1.2.0", code=3)
    for line in LOOKING:
        site.invoke(*line.split())
    watched.end()
    assert any(b"deploy" in told for told in watched.seen)
    texts = [(f"command {number}", (told.stdout + told.stderr).encode()) for number, told in enumerate(site.said)]
    texts += [("a process", told) for told in watched.seen]
    texts += [(str(path), path.read_bytes()) for path in site.folder.rglob("*") if path.is_file()]
    held = str(site.disk(TRADE_1) / "TradingSystem" / "secrets" / ORDERS / "broker-password")
    account = str(site.sandbox / "ntlm")  # the simulated hosts' own account database
    sources = {str(site.folder / ".deploy" / name): value for name, value in CANARIES.items()}
    allowed = {**sources, held: CANARIES[BROKER], account: CANARIES[WINRM]}
    assert Path(held).read_text() == CANARIES[BROKER]
    for name, value in CANARIES.items():
        found = [where for where, text in texts if value.encode() in text and allowed.get(where) != value]
        assert found == [], name


def test_promise_10_between_runs_nothing_of_ours_runs(site: Site) -> None:
    for host in NUMBER:
        services = set(site.pids(host).values())
        assert services
        strangers = {pid: line for pid, line in processes_of(site, host).items() if _service_of(pid) not in services}
        assert strangers == {}, host
        task = site.state(host)["machine"]["tasks"]["\\tradingsystem\\settle"]
        assert task["enabled"] is False


def test_promise_10_what_a_run_leaves_is_versioned_and_once(site: Site) -> None:
    for host in NUMBER:
        modules = list((site.disk(host) / "TradingSystem/infrastructure/agent").glob("*.psm1"))
        assert len(modules) == 1
        assert re.fullmatch(r"[0-9a-f]{64}", modules[0].stem)
        task = site.state(host)["machine"]["tasks"]["\\tradingsystem\\settle"]
        assert modules[0].stem in task["arguments"]
        assert not list((site.disk(host) / "TradingSystem/state/transactions").glob("*.d"))


def processes_of(site: Site, host: str) -> dict[int, str]:
    """Processes that carry the host's mark: pid → command line."""
    marker = f"SANDBOX_HOST_FOLDER={site.sandbox / 'hosts' / host}".encode()
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if marker in (process / "environ").read_bytes().split(b"\0"):
                found[int(process.name)] = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def _service_of(pid: int) -> int:
    """The leader of the session that a process belongs to: a service starts in one of its own."""
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0
