"""Probes: real connections to the real address; no answer is not healthy."""

import base64
import json
import os
import socket
import time
from typing import Any
from urllib.parse import SplitResult, urlsplit

from deploy.sandbox.engines.builtin.subset import is_subset
from deploy.wire.errors import WireError

MAX_BODY = 64 * 1024
DEFAULT_TIMEOUT_S = 5.0
_NAMES = {"http": {"url"}, "ws": {"url"}, "tcp": {"address", "port"}, "process": set[str]()}

Answer = dict[str, Any]


def probe(args: dict[str, Any], timeout_s: float | None = None) -> Answer:
    """`{ok, status, body, error}`; raises WireError `bad-request` only for a probe that is no probe."""
    kind = args.get("kind")
    if not isinstance(kind, str) or kind not in _NAMES or not _NAMES[kind] <= args.keys():
        raise WireError("bad-request", f"{args!r} is no probe", expected=sorted(_NAMES))
    wanted_s = float(args.get("timeout_s") or DEFAULT_TIMEOUT_S)
    limit_s = max(0.05, wanted_s if timeout_s is None else min(wanted_s, timeout_s))
    try:
        return _PROBES[kind](args, limit_s)
    except (OSError, ValueError) as exc:
        return _answer(False, error=str(exc) or type(exc).__name__)


def _answer(ok: bool, status: int | None = None, body: Any = None, error: str | None = None) -> Answer:
    return {"ok": ok, "status": status, "body": body, "error": error}


def _process(_args: dict[str, Any], _timeout_s: float) -> Answer:
    return _answer(True)


def _tcp(args: dict[str, Any], timeout_s: float) -> Answer:
    begun = time.monotonic()
    with socket.create_connection((args["address"], args["port"]), timeout_s):
        return {**_answer(True), "ms": round(1000 * (time.monotonic() - begun), 2)}


def _http(args: dict[str, Any], timeout_s: float) -> Answer:
    status, text = http_request("GET", args["url"], timeout_s)
    body = _json_object(text)
    if not 200 <= status < 300:
        return _answer(False, status, body, f"HTTP status {status}")
    wrong = {
        name: (body or {}).get(name)
        for name, value in (args.get("expect") or {}).items()
        if not is_subset(value, (body or {}).get(name))
    }
    return _answer(not wrong, status, body, f"answer has {wrong}, expected {args['expect']}" if wrong else None)


def _ws(args: dict[str, Any], timeout_s: float) -> Answer:
    parts = _split(args["url"], {"ws": 80})
    key = base64.b64encode(os.urandom(16)).decode()
    request = (
        f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    with socket.create_connection((parts.hostname, parts.port or 80), timeout_s) as connection:
        connection.sendall(request.encode("ascii"))
        line = connection.makefile("rb").readline(1024).decode("latin-1").split()
    status = int(line[1]) if len(line) > 1 and line[1].isdigit() else None
    return _answer(status == 101, status, None, None if status == 101 else "no WebSocket handshake")


def http_request(method: str, url: str, timeout_s: float) -> tuple[int, bytes]:
    """One request on a connection of its own; status and the first 64 KiB of the body. Raises OSError or ValueError."""
    import http.client  # noqa: PLC0415  # 20 ms that only those processes pay which probe

    parts = _split(url, {"http": 80, "https": 443})
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(str(parts.hostname), parts.port, timeout=timeout_s)
    try:
        connection.request(method, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        answer = connection.getresponse()
        return answer.status, answer.read(MAX_BODY)
    except http.client.HTTPException as exc:
        raise ValueError(f"no HTTP answer: {type(exc).__name__}") from exc
    finally:
        connection.close()


def _split(url: str, schemes: dict[str, int]) -> SplitResult:
    parts = urlsplit(url)
    if parts.scheme not in schemes or not parts.hostname:
        raise ValueError(f"{url!r}: expected an address that begins with {' or '.join(schemes)}")
    return parts


def _json_object(text: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


_PROBES = {"process": _process, "tcp": _tcp, "http": _http, "ws": _ws}
