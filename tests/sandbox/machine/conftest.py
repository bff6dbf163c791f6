"""A machine with its power on, and what tests of machine and applications do with it."""

import json
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from deploy.sandbox.machine.client import KernelClient
from deploy.sandbox.machine.kernel import ServiceState
from deploy.sandbox.machine.machine import Machine

SERVICE = "TradingSystem-Try"
_ADDRESSES = count(1)


def until(condition: Callable[[], object], timeout_s: float = 10.0) -> None:
    """Waits for a condition; fails when it doesn't come true."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "the condition did not come true in time"
        time.sleep(0.005)


def failure_actions(*delays_ms: int, reset_s: int = 86400, kind: int = 1) -> str:
    """The bytes of `FailureActions`: restart (kind 1) or reboot (2) after each delay."""
    numbers = [reset_s, 0, 0, len(delays_ms), 0x14]
    for delay in delays_ms:
        numbers += [kind, delay]
    return b"".join(number.to_bytes(4, "little") for number in numbers).hex()


class Bench:
    """A machine and a client of its kernel."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.address = folder, address
        self.machine = Machine(folder, "TRY", address)
        self.machine.power_on()
        self.kernel = KernelClient(folder)

    def close(self) -> None:
        self.kernel.close()
        self.machine.close()

    def put(self, path: str, text: str) -> Path:
        local = self.folder / "C" / path
        local.parent.mkdir(parents=True, exist_ok=True)
        local.write_text(text, "utf-8")
        return local

    def program(self, name: str = "Try.exe", kind: str = "native", version: str = "1.0.0", **config: Any) -> str:
        """Puts a program with its configuration on the disk; gives its quoted path."""
        self.put(f"app/{name}", f"SANDBOX-EXE {kind} {version}\n")
        self.put("app/version.txt", version)
        self.put("app/appsettings.json", json.dumps({"service": SERVICE, "port": 5050, **config}))
        return f'"C:\\app\\{name}"'

    def register(
        self, image_path: str, *, name: str = SERVICE, start: str = "manual", **values: tuple[str, Any]
    ) -> str:
        """Registers a service, with more values of its key."""
        self.kernel.service_create(name, image_path, start, "", name, "")
        for value, (type_, data) in values.items():
            self.set(value, type_, data, name=name)
        return name

    def set(self, value: str, type_: Any, data: Any, *, name: str = SERVICE) -> None:
        self.kernel.reg_set(rf"HKLM\SYSTEM\CurrentControlSet\Services\{name}", value, type_, data)

    def state(self, name: str = SERVICE) -> ServiceState | None:
        status = self.kernel.service_status(name)
        return None if status is None else status["state"]

    def pid(self, name: str = SERVICE) -> int:
        status = self.kernel.service_status(name)
        return 0 if status is None else status["pid"]

    def runs_anew(self, *old: int, name: str = SERVICE) -> bool:
        """Whether it is Running in another process than the old ones, both from one look."""
        status = self.kernel.service_status(name)
        return status is not None and status["state"] == "Running" and status["pid"] not in old

    def exit_code(self, name: str = SERVICE) -> int | None:
        status = self.kernel.service_status(name)
        return None if status is None else status["exit_code"]

    def run(self, name: str = SERVICE, port: int = 5050) -> int:
        """Starts a service and waits until it listens; gives its process id."""
        self.kernel.service_start(name)
        until(lambda: self.state(name) == "Running")
        until(lambda: self.kernel.listening(self.address, port))
        return self.pid(name)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A fresh machine on an address of its own."""
    bench = Bench(tmp_path / "host", f"127.0.77.{next(_ADDRESSES)}")
    yield bench
    bench.close()
