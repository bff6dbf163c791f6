"""The demo deploy of the Windows job, as people type it. Without Windows it meets a simulated host."""

import json
import urllib.request
from typing import Any

from tests.native.site import ENVIRONMENT, Site

TARGET = ("--env", ENVIRONMENT)


def serving(site: Site, port: int = 5055) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://{site.services}:{port}/health", timeout=10) as answer:
        health = json.load(answer)
    assert isinstance(health, dict)
    return health


def settled(site: Site, release: str) -> dict[str, Any]:
    """What the Order Manager answers, once both services run the release."""
    assert site.run("status", *TARGET).stdout.count(f"{release}-") == 2
    health = serving(site)
    assert (health["version"], health["status"]) == (release, "healthy")
    return health


def test_plan_deploy_break_and_go_back(site: Site) -> None:
    site.add_runtime()
    site.build("1.0.0")
    assert "TradingSystem-OrderManager" in site.run("plan", *TARGET, "--release", "1.0.0").stdout
    site.run("deploy", *TARGET, "--release", "1.0.0", "--yes")
    site.run("verify", *TARGET)
    first = settled(site, "1.0.0")

    assert "nothing to do" in site.run("deploy", *TARGET, "--release", "1.0.0", "--yes").stdout
    assert settled(site, "1.0.0")["pid"] == first["pid"]

    site.build("1.1.0")
    site.run("deploy", *TARGET, "--release", "1.1.0", "--yes")
    settled(site, "1.1.0")

    site.build("1.2.0-broken", fault="unhealthy")
    site.run("deploy", *TARGET, "--release", "1.2.0-broken", "--yes", code=3)
    settled(site, "1.1.0")

    site.run("rollback", *TARGET, "--yes")
    site.run("verify", *TARGET)
    settled(site, "1.0.0")
