"""A stand-in service, registered on a host, and the steps that concern it."""

import urllib.request
from typing import Any

from tests.contract.connection import Connection, step
from tests.contract.host_half import ROOT, RUNTIME, HostHalf

NAME = "TradingSystem-Try ç"
PORT = 5055
KEY = rf"HKLM\SYSTEM\CurrentControlSet\Services\{NAME}"
AT_ONCE = "80510100000000000000000001000000140000000100000000000000"
"""Recovery actions: start it again at once, always."""
GATE: dict[str, Any] = {
    "folder": None,
    "manifest_sha256": None,
    "probe": {"kind": "process"},
    "min_healthy_s": 0,
    "interval_s": 0.02,
}
"""Arguments of the easiest gate."""
FAILURE_ACTIONS = "8051010000000000000000000300000014000000010000008813000001000000983a00000100000060ea0000"


def identity(image_path: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": NAME,
        "image_path": image_path,
        "display_name": "Try “it”",
        "description": "A service",
        "account": rf"NT SERVICE\{NAME}",
        **changes,
    }


def configuration(image_path: str, **changes: Any) -> dict[str, Any]:
    return {
        **identity(image_path),
        "depends_on": [],
        "environment": {"DOTNET_ROOT": RUNTIME, "MODE": "a=b"},
        "failure_actions": FAILURE_ACTIONS,
        "failure_on_non_crash": True,
        "sid_type": "unrestricted",
        **changes,
    }


class Service:
    """A registered stand-in on a host."""

    def __init__(self, host: HostHalf, worker: Connection, **config: Any) -> None:
        self.host, self.worker = host, worker
        self.image_path = host.service(NAME, PORT, rf"{ROOT}\releases\Try\1.0.0-abc", **config)
        self.folder = rf"{ROOT}\releases\Try\1.0.0-abc"
        self.ports = [{"address": host.address, "port": PORT}]
        worker.apply(step("service.create", **identity(self.image_path)))

    def step(self, verb: str, deadline_s: float = 30, **args: Any) -> dict[str, Any]:
        return step(f"service.{verb}", deadline_s=deadline_s, name=NAME, **args)

    def stop(self, on_timeout: str = "kill", deadline_s: float = 30) -> dict[str, Any]:
        return self.step("stop", deadline_s, ports=self.ports, on_timeout=on_timeout)

    def start(self) -> dict[str, Any]:
        return self.step("start", ports=self.ports, on_timeout="kill")

    def healthy(self, deadline_s: float = 30, **changes: Any) -> dict[str, Any]:
        probe = {"kind": "http", "url": f"http://{self.host.address}:{PORT}/health", "expect": {}, "timeout_s": 1}
        args = {
            "folder": self.folder,
            "manifest_sha256": None,
            "probe": probe,
            "min_healthy_s": 0.1,
            "interval_s": 0.02,
        }
        return self.step("healthy", deadline_s, **{**args, **changes})

    def until_drained(self) -> dict[str, Any]:
        """A gate that opens when the test says so: with `post("drain")`."""
        url = f"http://{self.host.address}:{PORT}/health"
        drained = {"kind": "http", "url": url, "expect": {"draining": True}, "timeout_s": 5}
        return self.healthy(300, probe=drained)

    def run(self) -> None:
        self.worker.apply(self.step("start_type", start="auto"), self.start(), self.healthy())

    def post(self, path: str) -> None:
        """A request to it from the test, past the host half."""
        asked = urllib.request.Request(f"http://{self.host.address}:{PORT}/{path}", data=b"", method="POST")
        with urllib.request.urlopen(asked, timeout=30) as answer:
            assert answer.status == 202

    def fact(self) -> dict[str, Any]:
        probe = {"kind": "http", "url": f"http://{self.host.address}:{PORT}/health", "expect": {}, "timeout_s": 1}
        asked = [{"name": NAME, "probe": probe, "ports": self.ports}]
        (found,) = self.worker.must("facts", {"services": asked})["services"]["value"]
        return dict(found)

    def fails(self, failing: dict[str, Any]) -> dict[str, Any]:
        answer = self.worker.ask("apply", {"steps": [failing]})
        assert not answer.ok
        assert answer.error["where"] == failing["id"]
        return answer.error
