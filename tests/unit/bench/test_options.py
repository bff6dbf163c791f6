"""`invoke bench`: what can't be measured is refused before anything starts."""

import io
from pathlib import Path

import pytest

from deploy.cli.bench import run_bench
from deploy.cli.output import Output
from deploy.config.project import Project
from deploy.model.problem import Refused, UsageError
from deploy.sandbox.wine.tool import ENV_TOOL


def run(folder: Path, engine: str, resources: str | None) -> None:
    run_bench(Project(folder), engine, resources, Output(False, io.StringIO(), io.StringIO()))


@pytest.mark.parametrize(
    ("engine", "resources", "said"),
    [
        ("wine", None, "no engine 'wine'"),
        ("builtin", "8", "engine builtin compares none"),
        ("powershell", "0", "a number from 1 to 100"),
        ("powershell", "101", "a number from 1 to 100"),
        ("powershell", "-1", "a number from 1 to 100"),
        ("powershell", "eight", "it is 'eight'"),
    ],
)
def test_a_wrong_option_is_a_usage_error(tmp_path: Path, engine: str, resources: str | None, said: str) -> None:
    with pytest.raises(UsageError) as wrong:
        run(tmp_path, engine, resources)
    assert said in str(wrong.value)


def test_without_wine_it_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENV_TOOL, raising=False)
    with pytest.raises(Refused, match=ENV_TOOL):
        run(tmp_path, "powershell", None)
