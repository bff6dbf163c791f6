"""The tests' own window into a Windows machine (console.ps1)."""

import json
import subprocess
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("console.ps1")


class Console:
    """Asks one process on the machine, which stays."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def ask(self, what: str, **details: Any) -> Any:
        """The answer's value; fails when the machine raised an error."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"what": what, **details}).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the console ended at {what}"
        answer = json.loads(line)
        assert answer["ok"], f"{what}: {answer['value']}"
        return answer["value"]

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
