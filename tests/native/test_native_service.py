"""The stand-in service of the Windows job: it compiles as Windows would compile it, and behaves as the tests need."""

import base64
import hashlib
import json
import os
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.contract.native_host import SOURCE
from tests.contract.waiting import until

ADDRESS, PORT = "127.0.65.12", 5055
REFERENCES = "System.ServiceProcess, System.Runtime.Serialization, System.Xml"
RUN = """param([string]$Source, [string]$Program)
$ErrorActionPreference = 'Stop'
Add-Type -TypeDefinition ([IO.File]::ReadAllText($Source)) -WarningAction SilentlyContinue
exit [Program]::Run($Program, @('--console'))
"""


@pytest.fixture
def pwsh() -> str:
    found = os.environ.get("DEPLOY_TEST_PWSH", "")
    if shutil.which(found) is None:
        pytest.skip("DEPLOY_TEST_PWSH names no engine with --lint")
    return found


def linted(pwsh: str, folder: Path, source: str) -> "subprocess.CompletedProcess[str]":
    """The verdict on the source as Add-Type of Windows PowerShell would get it: C# 5, .NET Framework 4.7.2."""
    script = folder / "compile.ps1"
    script.write_text(f"Add-Type -ReferencedAssemblies {REFERENCES} -TypeDefinition @'\n{source}\n'@\n", "utf-8")
    words = [pwsh, "--lint", str(script), "--warnings-as-errors"]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


def test_it_is_csharp_5_for_the_net_framework(pwsh: str, tmp_path: Path) -> None:
    source = SOURCE.read_text("utf-8")
    assert SOURCE.read_bytes().isascii()
    done = linted(pwsh, tmp_path, source)
    assert done.returncode == 0, done.stdout
    newer = source.replace("string status, body;", 'string status, body = $"{words}";')
    assert newer != source
    assert "C# 5" in linted(pwsh, tmp_path, newer).stdout


@contextmanager
def running(pwsh: str, folder: Path, **settings: Any) -> Iterator["subprocess.Popen[bytes]"]:
    (folder / "run.ps1").write_text(RUN, "utf-8")
    program = folder / "Try.exe"
    program.write_bytes(b"MZ")
    (folder / "version.txt").write_text("1.2.3\n", "utf-8")
    values = {"service": "TradingSystem-Try ç", "bind": ADDRESS, "port": PORT, "unknown": {"a": 1}, **settings}
    (folder / "appsettings.json").write_text(json.dumps(values, ensure_ascii=False), "utf-8")
    words = [pwsh, "-NoProfile", "-File", str(folder / "run.ps1"), "-Source", str(SOURCE), "-Program", str(program)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdin is not None
        process.stdin.close()


def asked(path: str, method: str = "GET") -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(f"http://{ADDRESS}:{PORT}{path}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, json.load(answer)


def answers() -> bool:
    try:
        asked("/health")
    except OSError:
        return False
    return True


def test_it_tells_its_health_and_drains(pwsh: str, tmp_path: Path) -> None:
    lock = tmp_path / "data" / "active.lock"
    with running(pwsh, tmp_path, singletonLock=str(lock)) as process:
        until(answers)
        status, health = asked("/health")
        assert status == 200
        expected = {"service": "TradingSystem-Try ç", "version": "1.2.3", "status": "healthy", "pid": process.pid}
        assert expected.items() <= health.items()
        assert len(health["build"]) == 64
        assert (health["draining"], health["openOrders"]) == (False, 0)
        assert asked("/drain", "POST") == (202, {"draining": True})
        assert asked("/health")[1]["draining"] is True
        assert asked("/resume", "POST") == (202, {"draining": False})
        assert asked("/other")[0] == 404
        assert lock.is_file()
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.wait(20) == 0
        assert not answers()


KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = base64.b64encode(hashlib.sha1(f"{KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()).decode()


def test_it_agrees_to_speak_websocket(pwsh: str, tmp_path: Path) -> None:
    request = (
        f"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    )
    with running(pwsh, tmp_path):
        until(answers)
        with socket.create_connection((ADDRESS, PORT), timeout=10) as client, client.makefile("rb") as said:
            client.sendall(request.encode())
            head = [line.decode().strip() for line in iter(said.readline, b"\r\n")]
            assert head[0] == "HTTP/1.1 101 Switching Protocols"
            assert {"Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {ACCEPT}"} == set(head[1:])
            client.sendall(b"\x88\x80\0\0\0\0")
            assert said.read() == b"\x88\0", "a close is answered, and then the connection ends"
        assert asked("/ws")[0] == 404, "without a key it is no request for one"


def test_its_release_can_be_spoilt(pwsh: str, tmp_path: Path) -> None:
    (tmp_path / "faults.json").write_text('{"unhealthy": true}', "utf-8")
    with running(pwsh, tmp_path):
        until(answers)
        status, health = asked("/health")
        assert (status, health["status"]) == (503, "unhealthy")


@pytest.mark.parametrize("faults", [{"crashOnStart": True}, {"crashAfterSeconds": 0.2}], ids=["at once", "later"])
def test_it_can_crash(pwsh: str, tmp_path: Path, faults: dict[str, Any]) -> None:
    with running(pwsh, tmp_path, faults=faults) as process:
        assert process.wait(20) != 0
