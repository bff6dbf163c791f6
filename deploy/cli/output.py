"""Where a command's words go: people's text to stdout, or to stderr when stdout belongs to JSON."""

import json
import os
import sys
from typing import Any, TextIO

from deploy.model.problem import Problem
from deploy.planning.document import problem_lines


class Output:
    """One command's output. With `as_json`, stdout carries JSON only.

    Whoever reads may go away (`| head`): that ends neither a run nor changes an exit code; the rest is not written.
    """

    def __init__(self, as_json: bool, stdout: TextIO | None = None, stderr: TextIO | None = None) -> None:
        self.as_json = as_json
        self.stdout = stdout or sys.stdout
        self.stderr = stderr or sys.stderr

    def text(self, line: str = "") -> None:
        """A line for people."""
        _write(line, self.stderr if self.as_json else self.stdout)

    def problem(self, problem: Problem, kind: str = "error") -> None:
        """A refusal or warning in its four parts, always to stderr."""
        _write("\n".join(problem_lines(kind, problem)), self.stderr)

    def document(self, value: dict[str, Any]) -> None:
        """The command's one JSON document, or one NDJSON event; nothing without `as_json`."""
        if self.as_json:
            _write(json.dumps(value, ensure_ascii=False), self.stdout)


def reader_is_gone(stream: TextIO) -> None:
    """Lets a stream that nobody reads any more lead nowhere, also when Python flushes it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _write(text: str, stream: TextIO) -> None:
    try:
        print(text, file=stream, flush=True)
    except BrokenPipeError:
        reader_is_gone(stream)
