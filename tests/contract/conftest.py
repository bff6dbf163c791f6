"""Each test of the contract runs on every engine that is available; `--engine NAME` names one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.connection import Connection, step
from tests.contract.host_half import HOSTS, HostHalf


def pytest_addoption(parser: pytest.Parser) -> None:
    """Known when the suite is run by itself: `pytest tests/contract --engine builtin`."""
    parser.addoption("--engine", choices=sorted(HOSTS), help="run the contract suite on this engine only")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A host of each engine."""
    if "host" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--engine", default=None)
        metafunc.parametrize("host", [chosen] if chosen else sorted(HOSTS), indirect=True)


@pytest.fixture
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HostHalf]:
    """A fresh host."""
    host = HOSTS[request.param](tmp_path / "host")
    yield host
    host.close()


@pytest.fixture
def worker(host: HostHalf) -> Connection:
    """A worker that has the run lock and has installed the settling task."""
    connection = host.worker()
    connection.lock()
    connection.apply(step("executor.install"))
    return connection
