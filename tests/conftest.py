"""For all tests: where a skip is a failure, and nothing else."""

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

# How long an example takes is the machine's business: it says nothing about the code.
settings.register_profile("everywhere", deadline=None)
settings.load_profile("everywhere")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With DEPLOY_TEST_NO_SKIP (in CI), a test whose real part is missing fails."""
    report = yield
    if report.skipped and os.environ.get("DEPLOY_TEST_NO_SKIP") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped: {report.longrepr}"
    return report
