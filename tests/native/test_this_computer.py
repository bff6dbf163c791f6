"""The contract suite touches the computer that runs it only where it was given to it, and nothing is deployed there."""

from pathlib import Path

import pytest

from tests.contract.native_host import ENV_ALLOWED, ThisComputer, must_be_bare
from tests.native.test_windows_imports import as_on_windows

NATIVELY = ("--collect", "tests/contract")


def test_without_leave_no_case_is_collected() -> None:
    done = as_on_windows(*NATIVELY, environment={ENV_ALLOWED: ""})
    assert "test_decisions.py" in done.stdout
    assert "[powershell" not in done.stdout


def test_with_leave_those_are_collected_that_do_no_harm() -> None:
    done = as_on_windows(*NATIVELY, environment={ENV_ALLOWED: "1"})
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "test_a_reparse_point_is_removed_and_its_target_is_not[powershell]" in done.stdout
    for harmful in ("test_promise_2_a_full_disk_stops_no_undo", "test_promise_2_the_power_goes"):
        assert harmful not in done.stdout


def test_it_is_not_touched_without_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENV_ALLOWED, raising=False)
    with pytest.raises(RuntimeError, match=ENV_ALLOWED):
        ThisComputer(tmp_path / "machine")
    assert list(tmp_path.iterdir()) == []


def test_a_computer_with_a_deployment_is_refused() -> None:
    must_be_bare([])
    with pytest.raises(RuntimeError, match="service TradingSystem-OrderManager"):
        must_be_bare(["service TradingSystem-OrderManager", r"folder C:\TradingSystem"])
