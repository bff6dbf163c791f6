"""A worker of the whole host half, on whatever system the tests run."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.windows.agent_bundle import bundle
from tests.unit.agent.engine import WAIT_S, Host, Worker, engine
from tests.unit.agent_primitives.listeners import Listener, http_listener

HERE = Path(__file__).parent


class WholeHost(Host):
    """A root with the whole module in it."""

    def install(self) -> "WholeHost":
        self.agent = bundle().sha256
        self.module.parent.mkdir(parents=True, exist_ok=True)
        self.module.write_bytes(bundle().text)
        return self

    def run(self, script: str, given: Any, *arguments: str) -> Any:
        """What a script of this folder makes of JSON."""
        command = [engine(), "-NoProfile", "-NonInteractive", "-File", str(HERE / script), "-Module", str(self.module)]
        ended = subprocess.run(
            [*command, *arguments], input=json.dumps(given).encode(), capture_output=True, timeout=WAIT_S, check=False
        )
        assert ended.returncode == 0, ended.stderr.decode()
        return json.loads(ended.stdout)

    def evaluate(self, *expressions: str) -> list[Any]:
        """Values of PowerShell expressions within the module; an error is a dict with `code`."""
        return [item.get("error", item.get("value")) for item in self.run("evaluate.ps1", list(expressions))]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeHost]:
    """One for all tests of a file: an engine takes a second to start."""
    engine()
    made = WholeHost(tmp_path_factory.mktemp("host") / "root").install()
    yield made
    made.close()


@pytest.fixture(scope="module")
def worker(host: WholeHost) -> Worker:
    """A worker that holds the run lock."""
    made = host.work()
    made.lock()
    return made


Apply = Callable[..., dict[str, Any]]


@pytest.fixture
def apply(worker: Worker) -> Apply:
    """Applies one step: `apply(verb, args, *streams, dry=False, deadline_s=20)`; its result, or its error."""

    def run(
        verb: str, args: dict[str, Any], *streams: bytes, dry: bool = False, deadline_s: float = 20
    ) -> dict[str, Any]:
        step = {"id": "step", "verb": verb, "args": args, "deadline_s": deadline_s}
        answer = worker.answer(worker.ask("apply", {"steps": [step], "dry": dry}, *streams))
        found: dict[str, Any] = answer["result"]["results"][0] if answer["ok"] else answer["error"]
        return found

    return run


@pytest.fixture
def folder(host: WholeHost, request: pytest.FixtureRequest) -> Path:
    """A folder of the test's own below the root; not made yet."""
    return host.root / "work" / f"t{abs(hash(request.node.name)):x}"


@pytest.fixture
def http() -> Iterator[Listener]:
    """An HTTP server whose answers a test sets."""
    with http_listener() as made:
        yield made
