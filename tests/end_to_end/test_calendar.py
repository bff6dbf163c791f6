"""Market hours and freezes: they refuse a deploy, and never a rollback."""

import json
from pathlib import Path

from tests.end_to_end.site import Site

ALWAYS_OPEN = (
    ("opens = 09:00:00", "opens = 00:00:00"),
    ("closes = 18:00:00", "closes = 23:59:59.999999"),
    ("weekdays = [0, 1, 2, 3, 4]", "weekdays = [0, 1, 2, 3, 4, 5, 6]"),
    ('enforced_in = ["prod"]\n\n[host]', 'enforced_in = ["prod", "dev"]\n\n[host]'),
)
FROZEN = (
    "\n[[calendar.freezes]]\nstart = 2020-01-01T00:00:00Z\nend = 2120-01-01T00:00:00Z\n"
    'reason = "year-end closing"\nenvironments = ["dev"]\n\n[host]\n'
)


def test_market_hours_and_freezes_refuse_a_deploy_and_never_a_rollback(site: Site) -> None:
    site.build("3.0.0")
    for old, new in ALWAYS_OPEN:
        site.edit("inventories/system.toml", old, new)
    before = site.states()
    assert _codes(site.deploy("3.0.0", code=2)) == {"market-hours"}
    site.edit("inventories/system.toml", "\n[host]\n", FROZEN)
    assert _codes(site.deploy("3.0.0", code=2)) == {"market-hours", "freeze"}
    assert site.states() == before

    assert site.rollback()["outcome"] == "committed"
    assert site.versions() == {"1.0.0"}


def _codes(end: dict[str, object]) -> set[str]:
    report = end["report"]
    assert isinstance(report, dict)
    return {problem["code"] for problem in json.loads(Path(report["json"]).read_text())["problems"]}
