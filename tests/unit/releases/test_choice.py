import pytest

from deploy.model.problem import Refused
from deploy.releases.build import build_release
from deploy.releases.choice import choose_release, release_problem
from deploy.releases.store import Store

from .conftest import Tree


@pytest.fixture
def filled(store: Store, tree: Tree) -> Store:
    for day, version in enumerate(("1.4.1", "1.4.2"), start=1):
        build_release(store, tree.root, version, "c", f"2026-01-0{day}T00:00:00Z")
    store.promote("1.4.1", "staging", "ana", "2026-01-03T00:00:00Z")
    return store


@pytest.mark.parametrize(
    ("environment", "name", "chosen"),
    [("dev", None, "1.4.2"), ("staging", None, "1.4.1"), ("staging", "1.4.2", "1.4.2"), ("dev", "1.4.1", "1.4.1")],
)
def test_named_or_default(filled: Store, environment: str, name: str | None, chosen: str) -> None:
    assert choose_release(filled, environment, name).name == chosen


def test_no_default_is_refused_with_what_to_type(filled: Store) -> None:
    with pytest.raises(Refused, match=r"Next: invoke release\.promote --env prod"):
        choose_release(filled, "prod", None)


def test_what_the_store_has_seen_decides(filled: Store) -> None:
    problem = release_problem(filled, "1.4.1", "prod")
    assert problem is not None
    assert problem.code == "not-attested"
    filled.attest("staging", "1.4.1", "run-1", "2026-01-04T00:00:00Z")
    assert release_problem(filled, "1.4.1", "prod") is None
