"""The rim of every command: exceptions become words and exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.command import comma_list, finish, required
from deploy.cli.output import Output
from deploy.config.project import Project
from deploy.execution.target import TargetLost, TargetRefused
from deploy.model.problem import Problem, Refused, UsageError
from deploy.model.run import Exit
from tests.schemas import validate

PROBLEM = Problem("some-code", "host-1", "is wrong", "right", "invoke plan --env dev")
OTHER = Problem("other-code", "host-2", "is wrong too")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inventories").mkdir()
    (tmp_path / "inventories" / "system.toml").touch()
    monkeypatch.setenv("DEPLOY_PROJECT", str(tmp_path))


def raising(error: BaseException) -> Any:
    def work(project: Project, output: Output) -> Exit:
        raise error

    return work


CASES: list[tuple[BaseException, Exit]] = [
    (UsageError(PROBLEM), Exit.USAGE),
    (Refused(PROBLEM), Exit.REFUSED),
    (TargetRefused("host-1", PROBLEM), Exit.FAILED),
    (TargetLost("host-1", PROBLEM), Exit.UNKNOWN),
]


@pytest.mark.parametrize(("error", "code"), CASES)
def test_what_is_raised_is_told(error: BaseException, code: Exit, capsys: pytest.CaptureFixture[str]) -> None:
    assert finish(raising(error), (), as_json=True) == code
    out, err = capsys.readouterr()
    document = json.loads(out)
    validate(document)
    assert document["exit"] == code
    assert document["problems"][0]["next"] == "invoke plan --env dev"
    assert err == "error: host-1: is wrong  [some-code]\n  expected: right\n  next: invoke plan --env dev\n"


def test_all_problems_are_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert finish(raising(Refused(PROBLEM, OTHER)), (), as_json=False) == Exit.REFUSED
    out, err = capsys.readouterr()
    assert out == ""
    assert "host-1" in err
    assert "host-2: is wrong too" in err


def test_a_defect_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        finish(raising(ZeroDivisionError()), (), as_json=True)


def test_an_interrupt_is_no_defect() -> None:
    assert finish(raising(KeyboardInterrupt()), (), as_json=False) == 130


def test_arguments_are_handed_on() -> None:
    seen: list[Any] = []

    def work(project: Project, env: str, options: dict[str, int], output: Output) -> Exit:
        seen.append((env, options, output.as_json))
        return Exit.DIFFERENT

    assert finish(work, ("dev", {"a": 1}), as_json=True) == 6
    assert seen == [("dev", {"a": 1}, True)]


@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_option_says_what_to_type(value: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        required("env", value, ("dev", "prod"), "invoke status --env dev")
    problem = caught.value.problems[0]
    assert (problem.where, problem.expected, problem.next) == ("--env", "one of dev, prod", "invoke status --env dev")


@pytest.mark.parametrize(
    ("value", "parts"), [(None, ()), ("", ()), ("a", ("a",)), ("a, b,,c ", ("a", "b", "c")), (",", ())]
)
def test_comma_list(value: str | None, parts: tuple[str, ...]) -> None:
    assert comma_list(value) == parts


@pytest.mark.parametrize("value", ["", " ", ",", " , "])
def test_an_option_without_its_value_is_a_slip_and_never_the_default(
    value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(project: Project, options: dict[str, Any], output: Output) -> Exit:
        raise AssertionError("nothing may begin")

    assert finish(work, ({"limit": "a", "max_failures": value},), as_json=True, events=True) == int(Exit.USAGE)
    end = json.loads(capsys.readouterr().out)
    validate(end)
    assert [problem["where"] for problem in end["problems"]] == ["--max-failures"]
