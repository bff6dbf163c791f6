"""The pytest plugin that gives tests their hosts, and gathers what they found."""

from collections.abc import Generator, Mapping, Sequence

import pytest

from deploy.checks.host import WindowsHost
from deploy.model.check import Check, Result

_VERDICT = "verdict"


class Plugin:
    """Parametrises `host` over all hosts, and `service` over each host's expected services."""

    def __init__(self, hosts: Mapping[str, WindowsHost], expected: Mapping[str, Mapping[str, str]]) -> None:
        self._hosts, self._expected = hosts, expected
        self.checks: list[Check] = []

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One test a host, or one a host and service."""
        if "service" in metafunc.fixturenames:
            pairs = [(host, name) for host, services in self._expected.items() for name in services]
            metafunc.parametrize(("host", "service"), pairs, indirect=["host"], ids=[f"{h}/{s}" for h, s in pairs])
        elif "host" in metafunc.fixturenames:
            metafunc.parametrize("host", list(self._hosts), indirect=True)

    @pytest.fixture
    def host(self, request: pytest.FixtureRequest) -> WindowsHost:
        """A host of the environment."""
        return self._hosts[request.param]

    @pytest.fixture
    def expected(self, host: WindowsHost) -> Mapping[str, str]:
        """Service → revision that the host should run."""
        return self._expected[host.facts.host]

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Checks have nothing to say where no host answered, nor those of services where none is expected.

        pytest would call them skipped.
        """
        if not self._hosts:
            items[:] = []
        if not any(self._expected.values()):
            items[:] = [item for item in items if "service" not in getattr(item, "fixturenames", ())]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Remembers whether a failure is the check's verdict or a defect or silence that kept it from one."""
        report = yield
        told = call.when == "call" and call.excinfo is not None and call.excinfo.errisinstance(AssertionError)
        report.user_properties.append((_VERDICT, told))
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keeps each test's result. Whatever isn't passed, a skipped check too, counts."""
        if report.when == "call" or not report.passed:
            name, _, where = report.location[2].partition("[")
            host, _, service = where.rstrip("]").partition("/")
            told = name.removeprefix("test_") + (f"[{service}]" if service else "")
            self.checks.append(Check(host, told, _result(report), "" if report.passed else _reason(report), service))

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Checks that somebody's PYTEST_ADDOPTS leaves out were not made."""
        if items:
            what = f"{len(items)} checks were deselected; unset PYTEST_ADDOPTS"
            self.checks.append(Check("", "tests/verify", "unknown", what))


def _result(report: pytest.TestReport) -> Result:
    if report.passed:
        return "passed"
    return "failed" if dict(report.user_properties).get(_VERDICT) else "unknown"


def _reason(report: pytest.TestReport) -> str:
    """The first line of why."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(report.longrepr)
    return next(iter(str(text).splitlines()), "").removeprefix("AssertionError: ")
