"""docs/recovery.md, typed in as it stands."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.unit.agent.engine import WAIT_S, engine
from tests.unit.agent.test_agent_people import TASK, TX, leave_damaged, leave_open
from tests.unit.agent_primitives.conftest import WholeHost

PAGE = (Path(__file__).parents[3] / "docs/recovery.md").read_text("utf-8")
_BLOCK = re.compile(r"^(<!-- windows: [^>]+ -->\n)?```powershell\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(bool(marker), text) for marker, text in _BLOCK.findall(PAGE)]
_WINDOWS = re.compile(r"Win32_|Get-Service|ScheduledTask")


def test_only_what_needs_windows_is_excepted() -> None:
    assert PAGE.count("```powershell") == len(BLOCKS) > 10
    for needs_windows, text in BLOCKS:
        assert needs_windows == bool(_WINDOWS.search(text)), text


def test_every_command_of_the_page_works_on_a_host_with_open_transactions(tmp_path: Path) -> None:
    engine()
    host = WholeHost(tmp_path / "root").install()
    (host.root / "state/transactions").mkdir(parents=True)
    (host.root / "data/logs").mkdir(parents=True)
    (host.root / "data/logs/20261124.jsonl").write_text('{"message":"stopping"}\n')
    file = leave_open(host)
    leave_damaged(host, "20261124-1830-web01-2")
    # One who is asked says yes
    typed = [TASK, "$ErrorActionPreference = 'Stop'", "$ConfirmPreference = 'None'"]
    typed += [text.replace(r"C:\TradingSystem", str(host.root)) for needs_windows, text in BLOCKS if not needs_windows]
    script = tmp_path / "typed.ps1"
    script.write_text("\n".join(typed))
    ended = subprocess.run(
        [engine(), "-NoProfile", "-File", str(script)],
        env={**os.environ, "PWSH_AS_51": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=WAIT_S,
        check=False,
    )
    said = ended.stdout.decode()
    assert (ended.returncode, ended.stderr) == (0, b""), said
    for expected in (TX, "put-order-manager.json", "unreadable", "damaged", "What if", "undone", "stopping"):
        assert expected in said
    assert file.read_text() == "old"
    assert host.journal(TX).records[-1]["outcome"] == "undone"
    assert not host.journal_path("20261124-1830-web01-2").exists()


@pytest.mark.parametrize("command", sorted(set(re.findall(r"\b(?:Get|Invoke|Close)-[A-Z][a-z]+[A-Z]?\w*", PAGE))))
def test_the_page_names_no_command_that_does_not_exist(command: str) -> None:
    ours = (Path(__file__).parents[3] / "deploy/windows/agent/core/exports.ps1").read_text("ascii")
    windows = "Get-ChildItem Get-CimInstance Get-Content Get-Help Get-ScheduledTask Get-Service"
    assert f"'{command}'" in ours or command in windows.split()
