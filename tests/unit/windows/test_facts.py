"""Reading the host's answer: complete or Unknown, nothing between."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.model.facts import HostFacts, Unknown
from deploy.windows.facts import SECTIONS, parse
from tests.unit.windows.host_half import VALUES, registration, sections, service


def test_a_whole_answer() -> None:
    facts = parse("web01", sections())
    assert isinstance(facts, HostFacts)
    assert facts.system.time_utc == 1_790_000_000.0
    assert facts.services["Gone"].registration is None
    assert facts.services["Svc"].ports == (("127.0.0.1", 5050, True),)
    assert facts.services["Svc"].registration is not None
    assert facts.runtimes == {("dotnet", "8.0.1")}
    assert facts.revisions[0].revision is None
    assert facts.secrets["Svc", "api-key"].digest == ""
    assert facts.adopted["Svc"].copy == "b"
    assert facts.transactions[0].error == ""


@pytest.mark.parametrize("name", SECTIONS)
@pytest.mark.parametrize(
    "broken",
    [
        {"ok": False, "error": {"code": "access-denied", "message": "no access to the SCM"}},
        {"ok": False},
        {"ok": True},
        None,
        [],
    ],
)
def test_promise_8_a_failed_section_is_unknown_and_names_itself(name: str, broken: Any) -> None:
    answer = sections()
    answer[name] = broken
    facts = parse("web01", answer)
    assert isinstance(facts, Unknown)
    assert facts.problem.where == f"web01: {name}"
    assert facts.problem.next
    if isinstance(broken, dict) and "error" in broken:
        assert facts.problem.what == "no access to the SCM"


@pytest.mark.parametrize("name", SECTIONS)
def test_promise_8_a_missing_section_is_unknown(name: str) -> None:
    answer = sections()
    del answer[name]
    assert isinstance(parse("web01", answer), Unknown)


@pytest.mark.parametrize(
    ("section", "value", "place"),
    [
        ("services", {}, "services"),
        ("services", None, "services"),
        ("services", [service(pid="42")], "services.0.pid"),
        ("services", [service(registration=None)], "services.0"),
        ("services", [service(state=None)], "services.0"),
        ("services", [service(registration=registration(start=2))], "services.0.registration.start"),
        ("services", [service(ports=[{"address": "x", "port": 1}])], "services.0.ports.0.open"),
        ("runtimes", [{"name": "dotnet", "version": "8"}], "runtimes.0.complete"),
        ("paths", [{**VALUES["paths"][0], "kind": "link"}], "paths.0.kind"),
        ("lock", {"held": False}, "lock.record"),
        ("host", {**VALUES["host"], "cores": None}, "host.cores"),
        ("adopted", [], "adopted"),
    ],
)
def test_promise_8_an_ill_typed_section_is_unknown(section: str, value: Any, place: str) -> None:
    facts = parse("web01", sections(**{section: value}))
    assert isinstance(facts, Unknown)
    assert facts.problem.where == f"web01: {place}"
    assert facts.problem.code == "facts-misshapen"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_promise_8_no_answer_at_all_is_ever_an_empty_host(value: Any) -> None:
    facts = parse("web01", value if isinstance(value, dict) else {"host": value})
    assert isinstance(facts, Unknown)


@given(st.sampled_from(SECTIONS), st.none() | st.integers() | st.text() | st.lists(st.integers(), min_size=1))
def test_promise_8_no_section_may_be_of_another_shape(name: str, value: Any) -> None:
    assert isinstance(parse("web01", sections(**{name: value})), Unknown)


def test_values_are_not_changed_by_reading() -> None:
    before = copy.deepcopy(VALUES)
    parse("web01", sections())
    assert before == VALUES
