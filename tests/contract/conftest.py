"""Each test of the contract runs on every engine that is available; `--engine NAME` names one."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.sandbox.wine.tool import ENV_TOOL
from tests.contract.connection import Connection
from tests.contract.host_half import HostHalf, Provider
from tests.contract.native_host import Native, allowed
from tests.contract.simulated_host import Simulated
from tests.contract.stand_in import Service
from tests.contract.wine import OneWine

ON_WINDOWS = sys.platform == "win32"
ENGINES: dict[str, Callable[[Path], Provider]] = {
    "builtin": lambda _: Simulated(),
    "powershell": Native if ON_WINDOWS else OneWine,
}


def available() -> list[str]:
    """Engines that can be had here; what isn't available is not collected."""
    if ON_WINDOWS:
        return ["powershell"]  # simulated hosts run on Linux only
    return sorted(ENGINES) if ENV_TOOL in os.environ else ["builtin"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Known when the suite is run by itself: `pytest tests/contract --engine builtin`."""
    parser.addoption("--engine", choices=sorted(ENGINES), help="run the contract suite on this engine only")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A host of each engine."""
    if "host" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--engine", default=None)
        metafunc.parametrize("host", [chosen] if chosen else available(), indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """No case on Wine is what only Windows can show; none on Windows is what would harm the computer that runs it."""
    apart = [item for item in items if _on_powershell(item) and (_not_here(item) if ON_WINDOWS else _not_on_wine(item))]
    if apart:
        config.hook.pytest_deselected(items=apart)
        items[:] = [item for item in items if item not in apart]


def _not_here(item: pytest.Item) -> bool:
    return not allowed(os.environ) or item.get_closest_marker("not_natively") is not None


def _not_on_wine(item: pytest.Item) -> bool:
    return item.get_closest_marker("windows_only") is not None


def _on_powershell(item: pytest.Item) -> bool:
    case = getattr(item, "callspec", None)
    return case is not None and case.params.get("host") == "powershell"


@pytest.fixture(scope="session")
def providers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Provider]]:
    """A provider of each engine; what it needs is made when the first host is asked for."""
    providers = {name: make(tmp_path_factory.mktemp(name) / "machine") for name, make in ENGINES.items()}
    yield providers
    for provider in providers.values():
        provider.close()


@pytest.fixture
def host(request: pytest.FixtureRequest, providers: dict[str, Provider], tmp_path: Path) -> Iterator[HostHalf]:
    """A fresh host."""
    host = providers[request.param].host(tmp_path / "host")
    yield host
    host.close()


@pytest.fixture
def worker(host: HostHalf) -> Connection:
    """A worker that has the run lock and has installed the settling task."""
    return host.holder()


@pytest.fixture
def service(host: HostHalf, worker: Connection) -> Service:
    """A stand-in that is registered, and disabled."""
    return Service(host, worker)


@pytest.fixture
def running(service: Service) -> Service:
    """A stand-in that runs."""
    service.run()
    return service
