"""`invoke demo` tells its story, and what it shows is what it recorded."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from deploy.cli.playground import TOOLKIT

TWO_MINUTES_S = 120.0


def test_the_demo_comes_true_in_under_two_minutes(tmp_path: Path) -> None:
    begun = time.monotonic()
    told = subprocess.run(
        [sys.executable, "-m", "invoke", "--search-root", str(TOOLKIT), "demo", "--report", str(tmp_path / "kept")],
        cwd=TOOLKIT,
        env={key: value for key, value in os.environ.items() if not key.startswith("DEPLOY_")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=2 * TWO_MINUTES_S,
        check=False,
    )
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-3000:]
    assert time.monotonic() - begun < TWO_MINUTES_S
    assert "NOT TRUE" not in told.stdout
    reports = sorted((tmp_path / "kept").glob("*/report.html"))
    assert len(reports) >= 5
    for page in reports:
        embedded = re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', page.read_text(), re.DOTALL)
        assert embedded is not None
        assert json.loads(embedded.group(1)) == json.loads(page.with_suffix(".json").read_text())
