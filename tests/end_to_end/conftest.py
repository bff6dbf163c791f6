"""Fleets: `fresh`, where nothing was deployed yet, and `site`, where 1.0.0 went out and 1.1.0 after it.

The two deploys of `site` are made once; each file starts from a copy of that project. All its copies have the
same addresses, which are part of rendered configurations, so one of them is up at a time.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.site import Site, answering, until

FRESH_PREFIX, DEPLOYED_PREFIX = "127.0.92", "127.0.91"
_QUICKER = ("min_healthy_s = 1\n", "min_healthy_s = 0.5\n"), ("\nhealthy_s = 20\n", "\nhealthy_s = 6\n")
"""Stand-ins start in a fraction of a second, and what is broken on purpose shouldn't be waited for."""


def new_site(folder: Path, prefix: str) -> Site:
    """A project whose gates are quick; its fleet is not up yet."""
    site = Site(folder, prefix)
    for old, new in _QUICKER:
        site.edit("inventories/system.toml", old, new)
    return site


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A fleet that is up, with release 1.0.0 built."""
    site = new_site(tmp_path_factory.mktemp("fresh"), FRESH_PREFIX)
    try:
        site.run("sandbox.up")
        site.build("1.0.0")
        yield site
    finally:
        site.run("sandbox.down")


@pytest.fixture(scope="session")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose fleet is down; 1.0.0 and 1.1.0 were deployed to it and attested."""
    site = new_site(tmp_path_factory.mktemp("golden"), DEPLOYED_PREFIX)
    try:
        site.run("sandbox.up")
        for version in ("1.0.0", "1.1.0"):
            site.build(version)
            site.deploy(version)
    finally:
        site.run("sandbox.down")
    return site.folder


@pytest.fixture(scope="module")
def site(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A fleet on which 1.1.0 serves, and 1.0.0 is what a rollback goes to."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(golden / ".deploy", folder / ".deploy")
    site = new_site(folder, DEPLOYED_PREFIX)
    try:
        site.run("sandbox.up")
        until(lambda: answering(site), "every service starts with its host")
        yield site
    finally:
        site.run("sandbox.down")
