"""Data Capture, Order Manager and the WebSocket service, as processes of a machine."""

import base64
import hashlib
import json
import os
import socket
from typing import Any

import pytest

from tests.sandbox.apps.conftest import Site
from tests.sandbox.machine.conftest import SERVICE, failure_actions, until


def test_health_says_what_runs(site: Site) -> None:
    site.release("1.0.0")
    site.native("data-capture", "DataCapture.exe", port=5050)
    pid = site.run(port=5050)
    until(lambda: site.ask("GET", "/health", 5050)[0] == 200)
    status, health = site.ask("GET", "/health", 5050)
    build = hashlib.sha256((site.folder / "C/r/1.0.0/data-capture/DataCapture.exe").read_bytes()).hexdigest()
    assert status == 200
    assert health.pop("startedAt")
    assert health == {
        "service": "TradingSystem-data-capture",
        "version": "1.0.0",
        "build": build,
        "pid": pid,
        "status": "healthy",
        "mode": "active",
        "draining": False,
        "openOrders": 0,
    }
    assert site.ask("GET", "/nothing", 5050)[0] == 404


def test_orders_drain_resume_metrics_and_log(site: Site) -> None:
    site.release("1.0.0")
    site.native("order-manager", "OrderManager.exe", port=5055)
    site.run(port=5055)
    assert site.ask("POST", "/orders", 5055) == (201, {"order": 1, "version": "1.0.0"})
    assert site.ask("POST", "/drain", 5055) == (202, {"draining": True})
    assert site.ask("POST", "/orders", 5055)[0] == 503
    assert site.ask("POST", "/resume", 5055) == (202, {"draining": False})
    assert site.ask("POST", "/orders", 5055) == (201, {"order": 2, "version": "1.0.0"})
    status, metrics = site.ask("GET", "/metrics", 5055)
    assert status == 200
    assert 'orders_total{service="TradingSystem-order-manager"} 2\n' in metrics
    assert 'le="+Inf"}' in metrics
    (log,) = (site.folder / "C" / "logs").glob("????-??-??.jsonl")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["order"] for line in lines if line["message"] == "order"] == [1, 2]
    assert {line["version"] for line in lines} == {"1.0.0"}


def test_two_active_instances_never_run(site: Site) -> None:
    site.release("1.0.0")
    lock = r"C:\data\active.lock"
    site.native("order-manager", "OrderManager.exe", port=5055, singletonLock=lock)
    site.run(port=5055)
    site.put("second/Second.exe", "SANDBOX-EXE native 2\n")
    site.put("second/appsettings.json", json.dumps({"port": 5056, "singletonLock": lock}))
    site.register(r"C:\second\Second.exe", name="Second")
    site.kernel.service_start("Second")
    until(lambda: site.exit_code("Second") == 1067)
    site.put("second/appsettings.json", json.dumps({"port": 5056, "singletonLock": lock, "mode": "standby"}))
    site.run("Second", 5056)
    assert site.ask("POST", "/orders", 5056)[0] == 503


def test_a_websocket_gets_ticks_until_the_drain(site: Site) -> None:
    site.release("1.0.0")
    site.native("market-data", "MarketData.exe", port=9001)
    site.run(port=9001)
    key = base64.b64encode(os.urandom(16)).decode()
    with socket.create_connection((site.address, 9001), timeout=5) as client:
        client.sendall(f"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
        stream = client.makefile("rb")
        assert stream.readline() == b"HTTP/1.1 101 Switching Protocols\r\n"
        accept = base64.b64encode(hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()).decode()
        head = list(iter(stream.readline, b"\r\n"))
        assert f"Sec-WebSocket-Accept: {accept}\r\n".encode() in head
        opcode, size = stream.read(2)
        assert opcode == 0x81
        assert json.loads(stream.read(size))["tick"] == 1
        site.ask("POST", "/drain", 9001)
        assert stream.read().endswith(b"\x88\x02\x03\xe9")


@pytest.mark.parametrize(
    ("fault", "exit_code"), [("crash-on-start", 1053), ("crash-loop", 1067)], ids=["at once", "after a while"]
)
def test_releases_that_crash(site: Site, fault: str, exit_code: int) -> None:
    site.release("1.0.0", fault=fault)
    site.native("data-capture", "DataCapture.exe", port=5050)
    site.kernel.service_start(SERVICE)
    until(lambda: site.state() == "Stopped")
    assert site.exit_code() == exit_code


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("unhealthy", (503, "unhealthy", "1.0.0")),
        ("slow-start", (503, "starting", "1.0.0")),
        ("wrong-version", (200, "healthy", "0.0.0")),
    ],
)
def test_releases_that_are_not_well(site: Site, fault: str, expected: tuple[int, str, str]) -> None:
    site.release("1.0.0", fault=fault)
    site.native("data-capture", "DataCapture.exe", port=5050)
    site.run(port=5050)
    status, health = site.ask("GET", "/health", 5050)
    assert (status, health["status"], health["version"]) == expected


def test_hang_on_stop_ends_with_a_kill_only(site: Site) -> None:
    site.release("1.0.0", fault="hang-on-stop")
    site.native("data-capture", "DataCapture.exe", port=5050)
    pid = site.run(port=5050)
    site.kernel.service_stop(SERVICE)
    until(lambda: any("stopping" in log.read_text() for log in (site.folder / "C" / "logs").iterdir()))
    assert site.state() == "StopPending"
    site.kernel.kill(pid)
    until(lambda: site.state() == "Stopped")


def test_without_its_runtime_it_ends_at_once(site: Site) -> None:
    site.release("1.0.0")
    site.native("data-capture", "DataCapture.exe", port=5050)
    site.set("Environment", "REG_MULTI_SZ", [r"DOTNET_ROOT=C:\runtimes\gone"])
    site.kernel.service_start(SERVICE)
    until(lambda: site.state() == "Stopped")
    assert site.exit_code() == 1053
    assert "You must install .NET" in (site.folder / "services.log").read_text()


@pytest.mark.parametrize("content", [None, ""])
def test_without_its_secret_it_does_not_start(site: Site, content: str | None) -> None:
    site.release("1.0.0")
    site.native("order-manager", "OrderManager.exe", port=5055, brokerPasswordFile=r"C:\secrets\om\broker-password")
    if content is not None:
        site.put("secrets/om/broker-password", content)
    site.kernel.service_start(SERVICE)
    until(lambda: site.state() == "Stopped")
    site.put("secrets/om/broker-password", "x")
    site.run(port=5055)


@pytest.mark.parametrize("module", [["gateway", "--config", "{config}"], ["uvicorn", "app:app", "--port", "8000"]])
def test_the_gateway_under_its_wrapper(site: Site, module: list[str]) -> None:
    site.release("1.0.0")
    config = site.configure("api-gateway", port=8000)
    site.put("r/1.0.0/api-gateway/appsettings.json", json.dumps({"bind": site.address}))
    words = [word.format(config=config) for word in module]
    folder = r"C:\r\1.0.0\api-gateway"
    line = rf"{folder}\shawl.exe run --name X --no-restart --cwd {folder} -- C:\runtimes\python\python.exe -m"
    site.register(" ".join([line, *words]), FailureActions=("REG_BINARY", failure_actions(20)))
    pid = site.run(port=8000)
    _, health = site.ask("GET", "/health", 8000)
    shawl = (site.folder / "C/r/1.0.0/api-gateway/shawl.exe").read_bytes()
    assert (health["version"], health["build"]) == ("1.0.0", hashlib.sha256(shawl).hexdigest())
    child = site.kernel.process(health["pid"])
    assert child is not None
    assert (child["image"], child["parent"]) == (r"C:\runtimes\python\python.exe", pid)
    site.kernel.kill(health["pid"])
    until(lambda: site.state() == "Stopped")  # reported with an error: counts only with the flag
    site.run(port=8000)
    site.kernel.service_stop(SERVICE)
    until(lambda: site.state() == "Stopped")
    assert site.exit_code() == 0
    assert not site.kernel.listening(site.address, 8000)


def test_the_gateway_dies_with_its_wrapper(site: Site) -> None:
    site.release("1.0.0")
    config = site.configure("api-gateway", port=8000)
    line = r"C:\r\1.0.0\api-gateway\shawl.exe run --name X --cwd C:\r\1.0.0\api-gateway --"
    site.register(rf"{line} C:\runtimes\python\python.exe -m gateway --config {config}")
    pid = site.run(port=8000)
    os.kill(pid, 9)
    until(lambda: not site.kernel.listening(site.address, 8000))


def test_the_wrapper_needs_its_program(site: Site) -> None:
    site.release("1.0.0")
    site.register(r"C:\r\1.0.0\api-gateway\shawl.exe run --name X -- C:\runtimes\gone\python.exe -m gateway")
    site.kernel.service_start(SERVICE)
    until(lambda: site.state() == "Stopped")
    assert site.exit_code() == 1066


@pytest.mark.parametrize("config", ["[]", "{", '{"port": "x"}'])
def test_a_broken_configuration(site: Site, config: Any) -> None:
    site.release("1.0.0")
    site.native("data-capture", "DataCapture.exe", port=5050)
    site.put("r/1.0.0/data-capture/config/appsettings.json", config)
    site.kernel.service_start(SERVICE)
    until(lambda: site.state() == "Stopped")
