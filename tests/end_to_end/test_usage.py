"""The command line's own traps: nothing is touched by a slip of the keyboard."""

import pytest

from tests.end_to_end.site import Site


@pytest.fixture(scope="module")
def asked(fresh: Site) -> Site:
    """A fleet that was asked once: the first question of all leaves the host half's module on each host."""
    fresh.plan("1.0.0")
    return fresh


@pytest.mark.parametrize(
    "words",
    ["deploy --help", "--help deploy", "rollback --help", "plan --help"],
)
def test_help_is_help(fresh: Site, words: str) -> None:
    told = fresh.say(*words.split())
    assert "Example: invoke" in told
    assert "--env" in told


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        ("deploy --release 1.0.0 --yes", 1, "--env"),
        ("deploy --env nowhere --yes", 1, "dev, prod, staging"),
        ("deploy --env dev --release 1.0.0", 1, "--yes"),
        ("deploy --env dev --release 9.9.9 --yes", 2, "9.9.9"),
        ("deploy --env dev --release 1.0.0 --limit dev-trade-1 --yes", 1, "dev-trade-01"),
        ("deploy --env dev --release 1.0.0 --strategy big-bang --yes", 1, "rolling"),
        ("deploy --env dev --release 1.0.0 --yes rollback --env dev --yes", 1, "one mutating task"),
        ("rollback --env dev --yes release.promote --release 1.0.0 --env dev", 1, "one mutating task"),
        ("deploy --env dev --release 1.0.0 --plan 0000000000000000 --yes", 2, "plan"),
        ("rollback --env dev --yes", 2, ""),
        ("--no-such-option", 1, ""),
    ],
)
def test_a_slip_touches_nothing(asked: Site, words: str, code: int, expected: str) -> None:
    before = asked.states()
    assert expected in asked.say(*words.split(), code=code)
    assert asked.states() == before


@pytest.mark.parametrize("words", ["deploy --env dev --release 1.0.0 --yes --dry", "--dry deploy --env dev --yes"])
def test_dry_means_plan(asked: Site, words: str) -> None:
    before, runs = asked.states(), asked.runs
    assert "service is not registered" in asked.say(*words.split())
    assert asked.states() == before
    assert asked.runs == runs
