"""Services' registration: made, changed, read back, expected."""

from typing import Any

import pytest

from tests.contract.connection import Connection, step
from tests.contract.host_half import HostHalf
from tests.contract.stand_in import GATE, KEY, NAME, Service, configuration, identity
from tests.contract.waiting import until


def test_create_registers_it_disabled(service: Service) -> None:
    again = step("service.create", **identity(service.image_path))
    assert service.worker.change(again) == [False]
    assert service.worker.change(again, dry=True) == [False]
    fact = service.fact()
    assert (fact["exists"], fact["state"], fact["pid"], fact["process"]) == (True, "Stopped", 0, None)
    assert fact["registration"]["start"] == "disabled"
    assert fact["registration"]["account"] == rf"NT SERVICE\{NAME}"
    new = step("service.create", **{**identity(service.image_path), "name": "New"})
    assert service.worker.change(new, dry=True) == [True]
    assert service.worker.must("facts", ASKED)["services"]["value"][0]["exists"] is False
    shown = step("service.create", **{**identity(service.image_path), "name": "New"})
    assert service.worker.refusal(shown) == "exists", "its display name is another one's"
    owned = step("service.create", **{**identity(service.image_path), "name": "New", "account": r"CORP\trader"})
    assert service.worker.refusal(owned) == "bad-request", "an account of people has a password"


ASKED: dict[str, Any] = {"services": [{"name": "New", "probe": None, "ports": []}]}


UNUSUAL = ["Try (x) {z}", "a `b $e %p% & ^x,;=+~!#@", "日本語 файл ção", "S" * 200]


NO_NAMES = ["", "a/b", "a\\b", "a[b]", 'a"b', "a'b", "a*", "a?", "a\n", "S" * 256]


def test_unusual_names(worker: Connection) -> None:
    for name in UNUSUAL:
        image = r'"C:\a b\x.exe" --say "a b"'
        own = {**identity(image), "name": name, "display_name": f"Shown {name[:99]}", "account": rf"NT SERVICE\{name}"}
        assert worker.change(step("service.create", **own)) == [True], name
        assert worker.change(step("service.start_type", name=name, start="manual")) == [True], name
        asked: dict[str, Any] = {"services": [{"name": name, "probe": None, "ports": []}]}
        (fact,) = [each for each in worker.must("facts", asked)["services"]["value"] if each["name"] == name]
        told = fact["registration"]
        assert (told["start"], told["image_path"], told["account"]) == ("manual", image, own["account"]), name
        assert told["display_name"] == own["display_name"], name
    for wrong in NO_NAMES:
        assert worker.refusal(step("service.create", **{**identity("x.exe"), "name": wrong})) == "bad-request", wrong


def test_configure_changes_what_differs_and_reads_back(service: Service) -> None:
    wanted = configuration(service.image_path)
    configure = step("service.configure", **wanted)
    dry = service.worker.apply(configure, dry=True)[0]
    assert dry["changed"]
    assert service.fact()["registration"]["failure_actions"] == ""
    assert service.worker.apply(configure)[0] == dry
    assert not service.worker.apply(configure)[0]["changed"]
    registration = service.fact()["registration"]
    assert registration == {**{k: v for k, v in wanted.items() if k != "name"}, "start": "disabled"}
    bare = configuration(service.image_path, environment={}, failure_actions="", description="")
    assert service.worker.apply(step("service.configure", **bare))[0]["changed"]
    values = service.host.registry(KEY)
    assert not {"Environment", "FailureActions", "Description"} & values, "empty ones are absent, as Windows has it"


def test_start_types(service: Service) -> None:
    for start in ("auto", "delayed-auto", "manual", "disabled"):
        before = service.fact()["registration"]["start"]
        set_start = service.step("start_type", start=start)
        assert service.worker.change(set_start, dry=True) == [True], start
        assert service.fact()["registration"]["start"] == before
        assert service.worker.change(set_start) == [True], start
        assert service.worker.change(set_start) == [False], start
        assert service.fact()["registration"]["start"] == start
    assert service.fails(service.step("start_type", start="sometimes"))["code"] == "bad-request"


@pytest.mark.stand_in("services that died")
def test_a_service_that_is_marked_for_deletion(service: Service) -> None:
    service.run()
    service.host.delete_service(NAME)
    create = step("service.create", **identity(service.image_path))
    assert service.fails(service.step("start_type", start="manual"))["code"] == "pending-deletion"
    service.host.kill(service.fact()["pid"])
    until(lambda: not service.fact()["exists"])
    assert service.worker.change(create) == [True]


@pytest.mark.windows_only("Wine does not write down that a service is marked for deletion")
def test_a_service_that_is_marked_for_deletion_is_not_there_for_good(service: Service) -> None:
    service.run()
    service.host.delete_service(NAME)
    assert service.fails(step("service.create", **identity(service.image_path)))["code"] == "pending-deletion"


def test_no_service_is_healthy_by_its_absence(worker: Connection, host: HostHalf) -> None:
    names: dict[str, dict[str, Any]] = {
        "start": {},
        "stop": {"ports": [], "on_timeout": "kill"},
        "start_type": {"start": "auto"},
        "configure": {key: value for key, value in configuration("x.exe").items() if key != "name"},
        "healthy": GATE,
        "drain": {"url": "http://x/", "done": None, "undo_url": "http://x/", "settle_s": 0},
        "adopt": {},
    }
    for verb, args in names.items():
        absent = step(f"service.{verb}", name="Absent", **args)
        assert worker.refusal(absent) == "missing", verb
        assert worker.refusal(absent, dry=True) == "missing", f"{verb}, dry"


SUBSETS: list[tuple[dict[str, Any], bool]] = [
    ({"environment": {"MODE": "a=b"}}, True),
    ({"environment": {}}, True),
    ({"depends_on": []}, True),
    ({"exists": True, "start": "disabled", "state": "Stopped"}, True),
    ({"environment": {"MODE": "b"}}, False),
    ({"environment": {"MODE": "a=b", "NONE": "x"}}, False),
    ({"depends_on": ["Tcpip"]}, False),
    ({"exists": 1}, False),
    ({"exists": False}, False),
    ({"image_path": "other"}, False),
    ({"start": "auto"}, False),
]


def test_an_expectation_is_a_subset_however_deep(service: Service) -> None:
    service.worker.apply(step("service.configure", **configuration(service.image_path)))
    for expect, holds in SUBSETS:
        expecting = {**service.step("start_type", start="disabled"), "expect": expect}
        if holds:
            assert service.worker.change(expecting) == [False], expect
        else:
            error = service.fails(expecting)
            assert (error["code"], set(error["actual"])) == ("unexpected-state", set(expect)), expect
