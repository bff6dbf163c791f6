"""Order Manager and Data Capture as real .NET services on Wine machines: all ways a deploy goes, as people type it.

DEPLOY_TEST_TIMES says how often the flow is run, on one machine, one release after the other (default 1).
"""

import os

import pytest

from tests.sandbox.wine.native import RUNTIME_VERSION
from tests.sandbox.wine.native_site import CAPTURE, ONE, ORDERS, NativeSite, versions

TIMES = int(os.environ.get("DEPLOY_TEST_TIMES", "1"))


def test_a_release_whose_runtime_neither_host_nor_store_has_is_refused(bare: NativeSite) -> None:
    assert not bare.has_runtime, "this has to be the first test of its module"
    assert not (bare.sandbox / "samples").exists()  # Python programs, which no such host runs
    said = bare.deploy(bare.build(), code=2).stdout
    assert f"dotnet {RUNTIME_VERSION}" in said


@pytest.mark.parametrize("turn", range(TIMES))
def test_deploy_break_configure_and_go_back(native: NativeSite, turn: int) -> None:
    good = native.build()
    native.deploy(good)
    first = native.serving()
    assert versions(first) == {good}
    assert first[ONE, CAPTURE].build != first[ONE, ORDERS].build

    native.deploy(native.build(broken=True), code=3)
    kept = native.serving()
    assert {place: (each.folder, each.configuration) for place, each in kept.items()} == {
        place: (each.folder, each.configuration) for place, each in first.items()
    }

    native.change_order_rate()
    native.deploy(good)
    changed = native.serving()
    assert changed[ONE, CAPTURE] == kept[ONE, CAPTURE]  # same revision, same process
    assert (changed[ONE, ORDERS].version, changed[ONE, ORDERS].build) == (good, kept[ONE, ORDERS].build)
    assert changed[ONE, ORDERS].configuration != kept[ONE, ORDERS].configuration

    native.run("rollback", "--env", "dev", "--yes")
    back = native.serving()
    assert back[ONE, CAPTURE] == kept[ONE, CAPTURE]
    assert (back[ONE, ORDERS].folder, back[ONE, ORDERS].configuration) == (
        kept[ONE, ORDERS].folder,
        kept[ONE, ORDERS].configuration,
    )
    native.run("verify", "--env", "dev")
