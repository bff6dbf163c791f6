"""A host of a test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.agent.engine import Host


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """With the module in place; what the test started is ended."""
    made = Host(tmp_path / "root").install()
    yield made
    made.close()
