"""Where a command's words go: people's text to stdout, or to stderr when stdout belongs to JSON."""

import json
import sys
from typing import Any, TextIO

from deploy.model.problem import Problem


class Output:
    """One command's output. With `as_json`, stdout carries JSON only."""

    def __init__(self, as_json: bool, stdout: TextIO | None = None, stderr: TextIO | None = None) -> None:
        self.as_json = as_json
        self.stdout = stdout or sys.stdout
        self.stderr = stderr or sys.stderr

    def text(self, line: str = "") -> None:
        """A line for people."""
        print(line, file=self.stderr if self.as_json else self.stdout, flush=True)

    def problem(self, problem: Problem, kind: str = "error") -> None:
        """A refusal or warning, always to stderr."""
        print(f"{kind}: {problem}", file=self.stderr, flush=True)

    def document(self, value: dict[str, Any]) -> None:
        """The command's one JSON document, or one NDJSON event; nothing without `as_json`."""
        if self.as_json:
            print(json.dumps(value, ensure_ascii=False), file=self.stdout, flush=True)
