"""Services that were there before us."""

from typing import Any

from tests.contract.connection import Connection, step
from tests.contract.host_half import ROOT, HostHalf
from tests.contract.stand_in import PORT


def test_adoption(host: HostHalf, worker: Connection) -> None:
    image = host.service("Old", PORT, r"C:\legacy app")
    old: dict[str, Any] = {
        "name": "TradingSystem-Old",
        "image_path": image,
        "display_name": "Old",
        "description": "",
        "account": "LocalSystem",
    }
    worker.apply(step("service.create", **old))
    clock = "TradingSystem-Clock"
    system = {**old, "name": clock, "display_name": clock, "image_path": r"C:\Windows\System32\clock.exe"}
    worker.apply(step("service.create", **system))
    assert worker.refusal(step("service.adopt", name=clock)) == "unsupported"
    adopt = step("service.adopt", name="TradingSystem-Old")
    assert worker.apply(adopt, dry=True)[0]["changed"]
    assert worker.must("facts")["adopted"]["value"] == {}
    assert worker.apply(adopt)[0]["changed"]
    assert not worker.apply(adopt)[0]["changed"]
    record = worker.must("facts")["adopted"]["value"]["TradingSystem-Old"]
    assert record["revision"].startswith("unmanaged@")
    assert record["registration"]["image_path"] == image
    assert record["folder"] == r"C:\legacy app"
    digits = record["revision"].partition("@")[2]
    assert record["copy"] == rf"{ROOT}\releases\TradingSystem-Old\unmanaged-{digits}"
    original = {path.name: path.read_bytes() for path in host.path(r"C:\legacy app").iterdir()}
    assert {path.name: path.read_bytes() for path in host.path(record["copy"]).iterdir()} == original
    (revision,) = worker.must("facts")["revisions"]["value"]
    assert (revision["name"], revision["complete"], revision["manifest"]) == (f"unmanaged-{digits}", True, None)
