"""The verb `probe` against real servers."""

import json
import socket
import time
from typing import Any

import pytest

from tests.unit.agent.engine import Worker
from tests.unit.agent_primitives.conftest import WholeHost
from tests.unit.agent_primitives.listeners import Listener, raw_listener


def probe(worker: Worker, **args: Any) -> dict[str, Any]:
    return worker.call("probe", args, run=None, epoch=None)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_http_compares_the_fields_of_the_answer(worker: Worker, http: Listener) -> None:
    body = {"version": "1.4.2", "draining": False, "openOrders": 0, "since": "2026-11-24T18:10:00Z"}
    http.answers["/health"] = [(200, json.dumps(body).encode())]
    url = f"{http.url}/health"
    assert probe(worker, kind="http", url=url) == {"ok": True, "status": 200, "body": body, "error": None}
    assert probe(worker, kind="http", url=url, expect=body, timeout_s=2)["ok"] is True
    wrong = probe(worker, kind="http", url=url, expect={"version": "1.4.3", "build": "x"})
    assert wrong["ok"] is False
    assert wrong["error"] == 'answer\'s version is "1.4.2", expected "1.4.3"; build is null, expected "x"'
    assert probe(worker, kind="http", url=url, expect={"openOrders": "0"})["ok"] is False


@pytest.mark.parametrize("body", [b"", b"plain", b"[1]", b"7", b"{torn", b"\xff\xfe"])
def test_an_answer_that_is_no_json_object_has_no_body(worker: Worker, http: Listener, body: bytes) -> None:
    http.answers["/health"] = [(200, body)]
    assert probe(worker, kind="http", url=f"{http.url}/health") == {
        "ok": True,
        "status": 200,
        "body": None,
        "error": None,
    }
    assert probe(worker, kind="http", url=f"{http.url}/health", expect={"a": 1})["ok"] is False


def test_http_without_2xx_is_not_well(worker: Worker, http: Listener) -> None:
    http.answers |= {"/down": [(503, b'{"status":"starting"}')], "/moved": [(301, b"")]}
    down = probe(worker, kind="http", url=f"{http.url}/down")
    assert down == {"ok": False, "status": 503, "body": {"status": "starting"}, "error": "HTTP status 503"}
    assert probe(worker, kind="http", url=f"{http.url}/moved")["status"] == 301


def test_no_answer_is_not_well_and_is_not_waited_for_beyond_the_limit(worker: Worker, http: Listener) -> None:
    http.answers["/stall"] = [(200, b"stall")]
    port = closed_port()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent_port = silent.getsockname()[1]
        wanted: list[dict[str, Any]] = [
            {"kind": "http", "url": f"{http.url}/stall"},
            {"kind": "http", "url": f"http://127.0.0.1:{silent_port}/"},
            {"kind": "http", "url": f"http://127.0.0.1:{port}/"},
            {"kind": "http", "url": "ftp://127.0.0.1/"},
            {"kind": "http", "url": "http://no.such.host.invalid/"},
            {"kind": "tcp", "address": "127.0.0.1", "port": port},
            {"kind": "tcp", "address": "no.such.host.invalid", "port": port},
            {"kind": "ws", "url": f"ws://127.0.0.1:{port}/ws"},
            {"kind": "ws", "url": f"ws://127.0.0.1:{silent_port}/ws"},
            {"kind": "ws", "url": f"http://127.0.0.1:{silent_port}/ws"},
        ]
        for args in wanted:
            began = time.monotonic()
            answer = probe(worker, timeout_s=0.3, **args)
            assert (answer["ok"], answer["status"]) == (False, None), args
            assert answer["error"], args
            assert time.monotonic() - began < 5, args


def test_tcp_and_process(worker: Worker, http: Listener) -> None:
    answer = probe(worker, kind="tcp", address="127.0.0.1", port=http.port)
    assert answer.pop("ms") >= 0
    assert answer == {"ok": True, "status": None, "body": None, "error": None}
    assert probe(worker, kind="process") == {"ok": True, "status": None, "body": None, "error": None}


def test_a_websocket_is_well_when_it_answers_101(worker: Worker) -> None:
    with raw_listener(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n") as (port, seen):
        assert probe(worker, kind="ws", url=f"ws://127.0.0.1:{port}/ws?a=b")["ok"] is True
    request = seen[0].decode()
    assert request.startswith(f"GET /ws?a=b HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n")
    assert "Sec-WebSocket-Version: 13\r\n" in request
    with raw_listener(b"HTTP/1.1 200 OK\r\n\r\n") as (port, _):
        answer = probe(worker, kind="ws", url=f"ws://127.0.0.1:{port}")
    assert answer == {"ok": False, "status": 200, "body": None, "error": "no WebSocket handshake"}
    with raw_listener(b"garbage") as (port, _):
        assert probe(worker, kind="ws", url=f"ws://127.0.0.1:{port}")["ok"] is False


@pytest.mark.parametrize(
    "args", [{}, {"kind": "ping"}, {"kind": "http"}, {"kind": "tcp", "address": "127.0.0.1"}, {"kind": "ws"}]
)
def test_what_is_no_probe_is_refused(worker: Worker, args: dict[str, Any]) -> None:
    assert worker.refusal("probe", args, run=None, epoch=None)["code"] == "bad-request"


def test_ports_are_open_while_something_listens(host: WholeHost) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("0.0.0.0", 0)) as every:
        ports = [one.getsockname()[1], every.getsockname()[1]]
        asked = [("127.0.0.1", ports[0]), ("127.0.0.1", ports[1]), ("0.0.0.0", ports[0]), ("127.0.0.2", ports[0])]
        found = host.evaluate(*(f"Test-PortOpen -Address '{address}' -Port {port}" for address, port in asked))
    assert found == [True, True, True, False]
    assert (
        host.evaluate(*(f"Test-PortOpen -Address '{address}' -Port {port}" for address, port in asked)) == [False] * 4
    )
