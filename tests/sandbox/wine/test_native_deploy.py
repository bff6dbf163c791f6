"""Order Manager and Data Capture as real .NET services on a Wine machine: all ways a deploy goes, as people type it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.cli.playground import Answer, Playground
from deploy.sandbox.wine.tool import ENV_TOOL
from tests.sandbox.wine.conftest import need_wine
from tests.sandbox.wine.native import RUNTIME_VERSION, write_runtime, write_source

ARTIFACTS = ("data-capture", "order-manager")


class NativeSite:
    """A project whose one host is a Wine machine, and what is typed there."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._play = folder, Playground(folder, "127.0.61")
        self._edit("inventories/system.toml", "[service.market-data]", "# --- Auxiliary")
        catalogue = folder / "inventories/system.toml"
        catalogue.write_text(catalogue.read_text().replace("8.0.30", RUNTIME_VERSION))
        self._edit("inventories/dev.py", "data_capture =", "", "data_capture = order_manager = [_trade_01]\n")

    def run(self, *words: str, code: int = 0) -> Answer:
        """Runs a command and demands its exit code."""
        answer = self._play.invoke(*words, extra={ENV_TOOL: os.environ[ENV_TOOL]}, timeout_s=300)
        assert answer.code == code, f"{words}: exit {answer.code}\n{answer.stdout[-3000:]}\n{answer.stderr[-3000:]}"
        return answer

    def build(self, version: str, *, broken: bool = False) -> None:
        """Builds a release."""
        write_source(self.folder / "sources" / version, version, ARTIFACTS, broken=broken)
        self.run("release.build", "--version", version, "--source", f"sources/{version}")

    def settled(self) -> str:
        """What status shows, after every check passed."""
        self.run("verify", "--env", "dev")
        return self.run("status", "--env", "dev").stdout

    def _edit(self, path: str, start: str, end: str, new: str = "") -> None:
        file = self.folder / path
        text = file.read_text()
        rest = text[text.index(end) :] if end else ""
        file.write_text(text[: text.index(start)] + new + rest)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[NativeSite]:
    need_wine()
    site = NativeSite(tmp_path / "project")
    site.run("sandbox.up", "--env", "dev", "--engine", "powershell")
    yield site
    site.run("sandbox.down", "--env", "dev")


def test_deploy_break_configure_and_go_back(site: NativeSite, tmp_path: Path) -> None:
    site.build("2.0.0")
    assert "runtime" in site.run("deploy", "--env", "dev", "--release", "2.0.0", "--yes", code=2).stdout
    site.run("release.runtime", "--archive", str(write_runtime(tmp_path)))
    site.run("deploy", "--env", "dev", "--release", "2.0.0", "--yes")
    assert site.settled().count("healthy") == 2
    assert "nothing to do" in site.run("plan", "--env", "dev", "--release", "2.0.0").stdout

    site.build("2.1.0-broken", broken=True)
    site.run("deploy", "--env", "dev", "--release", "2.1.0-broken", "--yes", code=3)
    assert site.settled().count("2.0.0-") == 2

    before = site.settled()
    settings = site.folder / "inventories/group_data/dev.py"
    settings.write_text(settings.read_text().replace("order_rate_limit = 50", "order_rate_limit = 60"))
    site.run("deploy", "--env", "dev", "--release", "2.0.0", "--yes")
    changed = site.settled()
    assert changed.splitlines()[1] == before.splitlines()[1]  # Data Capture: same revision, same process
    assert changed.splitlines()[2].split()[1] != before.splitlines()[2].split()[1]

    site.run("rollback", "--env", "dev", "--yes")
    assert site.settled().splitlines()[2].split()[1] == before.splitlines()[2].split()[1]
