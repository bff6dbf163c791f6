"""The hash that approves a plan: the same work has the same hash, other work another."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.model.facts import HostFacts, Process
from deploy.model.plan import Plan
from deploy.model.step import Blob
from deploy.planning.hash import plan_hash
from deploy.planning.plan import plan_deploy
from deploy.planning.request import PlanInput
from tests.unit.planning.fleet import desired_host, desired_service, empty_host, request, secret
from tests.unit.planning.simulated import run

SLUGS = ("data-capture", "gateway")


def made(version: str, facts: HostFacts, **more: Any) -> PlanInput:
    services = (desired_service(slug, version) for slug in SLUGS)
    return request((desired_host("a", *services),), {"a": facts}, version=version, **more)


def ready() -> HostFacts:
    facts = {"a": empty_host("a")}
    return run(plan_deploy(made("1.0.0", facts["a"])), facts, "one")["a"]


READY = ready()


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 1e9), st.integers(1, 99999), st.integers(2048, 10**6), st.text(max_size=8), st.booleans())
def test_promise_4_volatile_facts_do_not_change_the_hash(
    time: float, pid: int, disk: int, boot: str, held: bool
) -> None:
    system = replace(
        READY.system, time_utc=time, uptime_s=time, disk_free_mb=disk, boot_id=boot, pending_reboot=held, docker=boot
    )
    services = {
        name: replace(fact, pid=pid, process=Process(fact.process.image, boot) if fact.process else None)
        for name, fact in READY.services.items()
    }
    lock = {"run": boot} if held else None
    later = replace(READY, system=system, services=services, lock=lock, lock_held=held)
    assert plan_deploy(made("2.0.0", later)).hash == plan_deploy(made("2.0.0", READY)).hash


def other_secret(facts: HostFacts) -> PlanInput:
    host = desired_host("a", *(replace(desired_service(slug, "2.0.0"), secrets=(secret("new"),)) for slug in SLUGS))
    return request((host,), {"a": facts}, version="2.0.0")


def other_config(facts: HostFacts) -> PlanInput:
    host = desired_host("a", *(desired_service(slug, "2.0.0", config="z") for slug in SLUGS))
    return request((host,), {"a": facts}, version="2.0.0")


def moved_by_hand(facts: HostFacts) -> PlanInput:
    name, fact = next(iter(facts.services.items()))
    assert fact.registration is not None
    changed = replace(fact, registration=replace(fact.registration, image_path=r"C:\TradingSystem\releases\x\y\z.exe"))
    return made("2.0.0", replace(facts, services={**facts.services, name: changed}))


@pytest.mark.parametrize(
    "other",
    [
        other_secret,
        other_config,
        moved_by_hand,
        lambda facts: made("2.0.1", facts),
        lambda facts: made("2.0.0", facts, environment="staging"),
        lambda facts: made("2.0.0", empty_host("a")),
    ],
)
def test_promise_4_other_work_has_another_hash(other: Callable[[HostFacts], PlanInput]) -> None:
    assert plan_deploy(other(READY)).hash != plan_deploy(made("2.0.0", READY)).hash


def test_reasons_and_bytes_are_not_hashed_but_labels_are() -> None:
    plan = plan_deploy(other_secret(READY))

    def changed(change: Callable[[Any], Any]) -> str:
        waves = tuple(
            replace(
                wave,
                batches=tuple(
                    tuple(replace(item, steps=tuple(change(step) for step in item.steps)) for item in batch)
                    for batch in wave.batches
                ),
            )
            for wave in plan.waves
        )
        return again(replace(plan, waves=waves))

    def relabelled(step: Any) -> Any:
        return replace(step, args={**step.args, "data": Blob("x", b"")}) if "data" in step.args else step

    assert again(plan) == plan.hash
    assert changed(lambda step: replace(step, reason="otherwise")) == plan.hash
    assert changed(relabelled) != plan.hash
    assert changed(lambda step: replace(step, deadline_s=step.deadline_s + 1)) != plan.hash


def again(plan: Plan) -> str:
    return plan_hash(
        kind=plan.kind,
        environment=plan.environment,
        release=plan.release,
        limited=plan.limited,
        hosts=plan.hosts,
        waves=plan.waves,
    )
