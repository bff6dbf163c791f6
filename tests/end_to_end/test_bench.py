"""`invoke bench`: what it says is in its schema, its counts hold, and nothing is left behind.

Requests don't depend on the machine, so they must be within budget. Seconds and megabytes do, and other tests may run
beside this one: of them only the order of magnitude is asked.
"""

import socket
from pathlib import Path

from deploy.bench.prober import accepts
from deploy.cli.bench_host import SERVICES
from deploy.cli.playground import Playground
from tests.schemas import validate

PREFIX = "127.0.89"
PATIENCE_S = 400.0


def test_bench_measures_and_leaves_nothing(tmp_path: Path) -> None:
    playground = Playground(tmp_path, PREFIX)
    answer = playground.invoke("bench", "--json", extra={"TMPDIR": str(tmp_path)}, timeout_s=PATIENCE_S)
    assert answer.code in (0, 3), answer.stderr[-4000:]
    figures = answer.document()
    validate(figures)
    assert figures["noop_requests_per_host"] <= 12
    assert figures["change_requests_per_resource"] <= 2
    assert figures["cutover_requests_per_host"] <= 4
    assert figures["naive_noop_requests_per_host"] == 320
    assert 0 < figures["pull_ratio_to_get"] < 20
    assert figures["push_mb_per_s"] > 1
    assert -1 < figures["outage_beyond_stop_start_s"] < 10
    judged = [line for line in answer.stderr.splitlines() if line.endswith(("ok", "OVER"))]
    counted = [line for line in judged if "requests" in line or "counted by the host's server" in line]
    assert len(counted) == 4, answer.stderr
    assert all(line.endswith("ok") for line in counted), counted
    assert not list(tmp_path.glob("trading-deploy-bench-*"))
    assert not [port for port in (*SERVICES.values(), 5985, 5986) if accepts((f"{PREFIX}.11", port))]


def test_bench_that_cannot_start_its_host_says_why(tmp_path: Path) -> None:
    playground = Playground(tmp_path, PREFIX)
    with socket.create_server((f"{PREFIX}.11", 5985)):
        answer = playground.invoke("bench", "--json", extra={"TMPDIR": str(tmp_path)})
    document = answer.document()
    validate(document)
    assert (answer.code, document["exit"]) == (3, 3)
    assert "5985" in document["problems"][0]["what"]
    assert not list(tmp_path.glob("trading-deploy-bench-*"))
