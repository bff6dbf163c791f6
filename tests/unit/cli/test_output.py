"""Where words go, and what happens when nobody reads them."""

import io
import json
import os
import subprocess
import sys

from deploy.cli.output import Output
from deploy.model.problem import Problem

PROBLEM = Problem("market-hours", "prod", "the market is open", "a moment after 18:00", "invoke deploy --env prod")


def output(as_json: bool) -> tuple[Output, io.StringIO, io.StringIO]:
    out, err = io.StringIO(), io.StringIO()
    return Output(as_json, out, err), out, err


def test_with_json_stdout_carries_json_only() -> None:
    one, out, err = output(as_json=True)
    one.text("hello")
    one.document({"schema": "x/1", "text": "São Paulo"})
    one.problem(PROBLEM)
    assert [json.loads(line) for line in out.getvalue().splitlines()] == [{"schema": "x/1", "text": "São Paulo"}]
    assert err.getvalue().startswith("hello\nerror: prod: the market is open")


def test_without_json_stdout_carries_text_only() -> None:
    one, out, err = output(as_json=False)
    one.text("hello")
    one.document({"schema": "x/1"})
    assert (out.getvalue(), err.getvalue()) == ("hello\n", "")


def test_a_problem_has_four_parts_each_on_a_line() -> None:
    one, out, err = output(as_json=False)
    one.problem(PROBLEM)
    one.problem(Problem("small", "a", "b"), "warning")
    assert out.getvalue() == ""
    assert err.getvalue() == (
        "error: prod: the market is open  [market-hours]\n"
        "  expected: a moment after 18:00\n"
        "  next: invoke deploy --env prod\n"
        "warning: a: b  [small]\n"
    )


def test_a_reader_that_went_away_ends_nothing() -> None:
    program = (
        "import sys, time\n"
        "from deploy.cli.output import Output\n"
        "output = Output(False)\n"
        "sys.stdin.readline()\n"
        "for number in range(10000): output.text(f'line {number}')\n"
        "sys.exit(3)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONDEVMODE": "0"},
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.write(b"\n")
        process.stdin.close()
        assert process.wait(30) == 3
        assert process.stderr.read() == b""
