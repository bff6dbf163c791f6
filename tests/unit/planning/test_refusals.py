"""Everything that a plan refuses, one by one, and what it only warns of."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.model.catalogue import Catalogue
from deploy.model.desired import DesiredHost
from deploy.model.facts import HostFacts, OpenTransaction, Registration, ServiceFact, Unknown
from deploy.model.host import Host
from deploy.model.problem import Problem
from deploy.model.release import Release, StateSchema
from deploy.planning.plan import plan_deploy
from deploy.planning.request import PlanOptions
from deploy.planning.rollback import RollbackInput, plan_rollback
from tests.unit.planning.fleet import (
    NOW,
    catalogue,
    desired_host,
    desired_service,
    empty_host,
    request,
    secret,
    service,
    with_system,
)
from tests.unit.planning.simulated import run

DC = "TradingSystem-DataCapture"
OM = "TradingSystem-OrderManager"


def codes(problems: tuple[Problem, ...]) -> set[str]:
    return {problem.code for problem in problems}


def refused(host: HostFacts | None = None, desired: DesiredHost | None = None, **more: Any) -> set[str]:
    facts = host or empty_host("a")
    wanted = desired or desired_host("a", desired_service("data-capture"))
    plan = plan_deploy(request((wanted,), {"a": facts}, **more))
    assert all(problem.where and problem.what for problem in plan.refusals)
    return codes(plan.refusals)


def test_nothing_is_refused_on_a_good_host() -> None:
    assert refused() == set()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"build": 14393}, "os-build"),
        ({"cores": 1}, "cores"),
        ({"memory_mb": 1024}, "memory"),
        ({"disk_free_mb": 100}, "disk-space"),
        ({"language_mode": "ConstrainedLanguage"}, "language-mode"),
        ({"elevated": False}, "not-elevated"),
    ],
)
def test_hosts_below_the_minima(change: dict[str, Any], code: str) -> None:
    assert refused(with_system(empty_host("a"), **change)) == {code}


def test_disk_must_hold_the_archives_two_and_a_half_times() -> None:
    made = desired_service("data-capture")
    assert made.archive is not None
    big = replace(made, archive=replace(made.archive, size=2_000 * 1024 * 1024))
    host = desired_host("a", big)
    assert refused(with_system(empty_host("a"), disk_free_mb=5_100), host) == set()
    assert refused(with_system(empty_host("a"), disk_free_mb=4_900), host) == {"disk-space"}


@pytest.mark.parametrize(("off_s", "expected"), [(0, set()), (1.9, set()), (30, {"clock-skew"}), (-30, {"clock-skew"})])
def test_clock_skew(off_s: float, expected: set[str]) -> None:
    now = NOW.timestamp()
    host = with_system(empty_host("a"), time_utc=now + off_s)
    assert refused(host, asked_at={"a": (now - 0.05, now + 0.05)}) == expected


def test_promise_8_a_host_that_did_not_answer_is_refused_never_empty() -> None:
    wanted = desired_host("a", desired_service("data-capture"))
    away = Unknown("a", Problem("unreachable", "a", "no answer"))
    plan = plan_deploy(request((wanted,), {"a": away}))
    assert codes(plan.refusals) == {"unreachable"}
    assert plan.changes == 0
    assert codes(plan_deploy(request((wanted,), {})).refusals) == {"host-not-asked"}


def test_an_open_transaction_is_refused() -> None:
    item = OpenTransaction("t1", "r1", "stuck", "stop-x", "", executor_alive=False, error="")
    assert refused(replace(empty_host("a"), transactions=(item,))) == {"transaction-open"}


def test_what_neither_host_nor_store_has() -> None:
    made = replace(desired_service("data-capture"), archive=None)
    host = desired_host("a", made)
    assert refused(desired=host) == {"artifact-missing"}
    bare = replace(host, services=(desired_service("data-capture"),), runtimes=())
    assert refused(desired=bare) == {"runtime-missing"}


@pytest.mark.parametrize(
    ("environment", "waived", "refusals", "warnings"),
    [
        ("dev", None, set(), {"runtime-end-of-life"}),
        ("prod", None, {"runtime-end-of-life"}, set()),
        ("prod", "2027-02-01", set(), {"runtime-end-of-life"}),
        ("prod", "2027-01-01", {"runtime-end-of-life"}, set()),
    ],
)
def test_ended_runtimes(environment: str, waived: str | None, refusals: set[str], warnings: set[str]) -> None:
    waiver = {
        "runtime": "dotnet",
        "version": "8.0.11",
        "environments": ["prod"],
        "owner": "ops",
        "until": waived,
        "reason": "migration",
    }
    known = catalogue(waiver=[waiver] if waived else [])
    desired = (desired_host("a", desired_service("data-capture")),)
    late = datetime(2027, 1, 16, 12, tzinfo=UTC)  # a Saturday
    plan = plan_deploy(request(desired, {"a": empty_host("a")}, catalogue=known, environment=environment, now=late))
    assert codes(plan.refusals) == refusals
    assert codes(plan.warnings) == warnings


@pytest.mark.parametrize(
    ("utc", "expected"),
    [
        ("2026-11-24T11:59:59", set()),
        ("2026-11-24T12:00:00", {"market-hours"}),
        ("2026-11-24T20:59:59", {"market-hours"}),
        ("2026-11-24T21:00:00", set()),
        ("2026-11-28T15:00:00", set()),
        ("2026-12-24T23:00:00", {"freeze"}),
    ],
)
def test_market_hours_and_freezes_in_prod(utc: str, expected: set[str]) -> None:
    freeze = {
        "start": "2026-12-24T00:00:00-03:00",
        "end": "2026-12-26T00:00:00-03:00",
        "reason": "Christmas",
        "environments": ["prod"],
    }
    known = catalogue(calendar={"freezes": [freeze]})
    now = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert refused(catalogue=known, environment="prod", now=now) == expected
    assert refused(catalogue=known, environment="dev", now=now) == set()


def test_containers_attestation_and_unknown_limit() -> None:
    assert refused(release=Release("1.0.0", {}, {"grafana": "grafana/grafana:11"})) == {"containers-unsupported"}
    problem = Problem("not-attested", "1.0.0", "it was never seen good in staging")
    assert refused(attestation=problem) == {"not-attested"}
    assert refused(options=PlanOptions(limit=("aa",))) == {"unknown-host"}


def registered(state: str, start: str) -> ServiceFact:
    registration = Registration(r"C:\x\om.exe", start, "LocalSystem", "", "", (), {}, "", False, "none")
    return ServiceFact(OM, state, 0, None, registration, None, ())


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (lambda facts: facts, set()),
        (lambda facts: replace(facts, services={OM: registered("Stopped", "disabled")}), set()),
        (lambda facts: replace(facts, services={OM: registered("Stopped", "manual")}), {"single-writer-elsewhere"}),
        (lambda facts: replace(facts, services={OM: registered("Running", "disabled")}), {"single-writer-elsewhere"}),
        (lambda facts: Unknown("b", Problem("unreachable", "b", "gone")), {"single-writer-unknown", "unreachable"}),
    ],
)
def test_promise_1_a_single_writer_is_refused_unless_no_other_host_may_run_it(
    other: Callable[[HostFacts], Any], expected: set[str]
) -> None:
    desired = (desired_host("a", desired_service("order-manager")), desired_host("b"))
    facts = {"a": empty_host("a"), "b": other(empty_host("b"))}
    plan = plan_deploy(request(desired, facts))
    assert codes(plan.refusals) == expected
    limited = plan_deploy(request(desired, facts, options=PlanOptions(limit=("a",))))
    assert codes(limited.refusals) == expected - {"unreachable"}


def with_schema(known: Catalogue, version: str, writes: int, *reads: int) -> DesiredHost:
    made = desired_service("data-capture", version)
    return desired_host("a", replace(made, revision=replace(made.revision, state_schema=StateSchema(writes, reads))))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ((1, 1), (1, 1), set()),
        ((1, 1, 2), (2, 1, 2), set()),
        ((1, 1), (2, 1, 2), {"state-schema-written"}),
        ((1, 1, 2), (2, 2), {"state-schema-unreadable"}),
        ((0, 0), (1, 1), {"state-schema-written"}),
    ],
)
def test_state_schemas(old: tuple[int, ...], new: tuple[int, ...], expected: set[str]) -> None:
    known = catalogue()
    first = plan_deploy(request((with_schema(known, "1.0.0", *old),), {"a": empty_host("a")}))
    facts = run(first, {"a": empty_host("a")}, "one")
    assert refused(facts["a"], with_schema(known, "2.0.0", *new)) == expected


@pytest.mark.parametrize(
    ("account", "image", "expected"),
    [
        ("LocalSystem", r"C:\old\app.exe", set()),
        (r"FIRM\trader$", r"C:\old\app.exe", set()),
        (r"FIRM\trader", r"C:\old\app.exe", {"account-change"}),
        (r".\trader", r'"C:\old\app.exe" -x', {"account-change"}),
        ("LocalSystem", r"C:\Windows\System32\srvany.exe", {"unmanaged-folder"}),
        ("LocalSystem", r"C:\app.exe", {"unmanaged-folder"}),
    ],
)
def test_what_ran_before_us_and_cannot_be_returned_to(account: str, image: str, expected: set[str]) -> None:
    registration = Registration(image, "auto", account, "", "", (), {}, "", False, "none")
    fact = ServiceFact(DC, "Running", 4, None, registration, None, ())
    assert refused(replace(empty_host("a"), services={DC: fact})) == expected


def test_services_that_nobody_placed_are_warned_of() -> None:
    facts = run(
        plan_deploy(request((desired_host("a", desired_service("data-capture")),), {"a": empty_host("a")})),
        {"a": empty_host("a")},
        "one",
    )
    plan = plan_deploy(request((desired_host("a", desired_service("docs")),), dict(facts)))
    assert codes(plan.warnings) == {"not-placed"}


def test_minima_and_calendar_do_not_block_a_rollback() -> None:
    first = {"a": empty_host("a")}
    for version in ("1.0.0", "2.0.0"):
        desired = (desired_host("a", desired_service("data-capture", version)),)
        first = run(plan_deploy(request(desired, dict(first), version=version)), first, version)
    poor = with_system(first["a"], disk_free_mb=1, cores=1)
    host = Host("a", "127.0.0.1", ())
    plan = plan_rollback(RollbackInput(catalogue(), "prod", (host,), {"a": poor}, {DC: (secret(),)}))
    assert (plan.release, plan.refusals) == ("1.0.0", ())


def test_a_rollback_refuses_state_that_the_old_binary_cannot_read() -> None:
    known = catalogue()
    facts = {"a": empty_host("a")}
    for version, schema in (("1.0.0", (1, 1, 2)), ("2.0.0", (2, 1, 2)), ("3.0.0", (3, 1, 2, 3))):
        plan = plan_deploy(request((with_schema(known, version, *schema),), dict(facts), version=version))
        if version == "3.0.0":
            plan = replace(plan, refusals=())  # as if somebody had got past the refusal
        facts = run(plan, facts, version)
    back = plan_rollback(RollbackInput(known, "dev", (Host("a", "", ()),), dict(facts), {DC: (secret(),)}))
    assert codes(back.refusals) == {"state-schema-unreadable"}


def test_a_rollback_needs_secrets_runtime_and_somewhere_to_go() -> None:
    hosts = (Host("a", "", ()),)
    empty = plan_rollback(RollbackInput(catalogue(), "dev", hosts, {"a": empty_host("a")}))
    assert codes(empty.refusals) == {"no-earlier-release"}
    facts = {"a": empty_host("a")}
    for version in ("1.0.0", "2.0.0"):
        desired = (desired_host("a", desired_service("data-capture", version)),)
        facts = run(plan_deploy(request(desired, dict(facts), version=version)), facts, version)
    bare = replace(facts["a"], secrets={}, runtimes=frozenset())
    plan = plan_rollback(RollbackInput(catalogue(), "dev", hosts, {"a": bare}))
    assert codes(plan.refusals) == {"secret-missing", "runtime-missing"}
    other = plan_rollback(RollbackInput(catalogue(), "dev", hosts, dict(facts), to="9.9.9"))
    assert codes(other.refusals) == {"release-unknown"}
    known = catalogue(service={"docs": service("Docs", 3300)})
    gone = plan_rollback(RollbackInput(known, "dev", hosts, dict(facts), {DC: (secret(),)}))
    assert codes(gone.refusals) == {"not-in-catalogue"}
