"""A project of its own in a scratch folder, and invoke run on it as a user would: for the demo and for tests."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOOLKIT = Path(__file__).resolve().parents[2]
_COPIED = ("inventories", "templates", "compose", "tests/verify")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed, and its exit code."""

    code: int
    stdout: str
    stderr: str

    def document(self) -> dict[str, Any]:
        """The last JSON document of stdout."""
        value = json.loads(self.stdout.strip().splitlines()[-1])
        assert isinstance(value, dict)
        return value


class Playground:
    """A copy of the project's files under `folder`, whose simulated hosts have addresses `<prefix>.N`."""

    def __init__(self, folder: Path, prefix: str) -> None:
        self.folder, self.prefix = folder, prefix
        for name in _COPIED:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(TOOLKIT / name, folder / name, ignore=ignored, dirs_exist_ok=True)

    def environment(self) -> dict[str, str]:
        """What invoke is run with: this project, nothing of the caller's own settings."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("DEPLOY_")}
        return {**kept, "DEPLOY_PROJECT": str(self.folder), "DEPLOY_SANDBOX_PREFIX": self.prefix, "NO_COLOR": "1"}

    def start(self, *words: str, extra: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Starts invoke and gives the process."""
        return subprocess.Popen(
            [sys.executable, "-m", "invoke", "--search-root", str(TOOLKIT), *words],
            cwd=self.folder,
            env={**self.environment(), **(extra or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def invoke(self, *words: str, extra: Mapping[str, str] | None = None, timeout_s: float = 180.0) -> Answer:
        """Runs invoke to its end; raises subprocess.TimeoutExpired."""
        process = self.start(*words, extra=extra)
        try:
            stdout, stderr = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        return Answer(process.returncode, stdout, stderr)

    def address(self, number: int) -> str:
        """Address of a simulated host."""
        return f"{self.prefix}.{number}"
