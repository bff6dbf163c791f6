"""The trading service itself: health, metrics, orders, drain, ticks; as broken as its faults say."""

import hashlib
import json
import os
import random
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from deploy.sandbox.apps import websocket
from deploy.sandbox.apps.http import Answer, Server, Site
from deploy.sandbox.apps.log import Log
from deploy.sandbox.apps.metrics import Metrics
from deploy.sandbox.apps.settings import Settings

if sys.platform != "win32":  # simulated hosts run elsewhere only; reading this module works everywhere
    import fcntl

TICK_S = 0.1
DRAIN_WAIT_S = 30.0
METRICS_TYPE = "text/plain; version=0.0.4"


class Application:
    """One instance. `build` is the SHA-256 of the program's file."""

    def __init__(self, settings: Settings, version: str, program: Path) -> None:
        self.settings, self.version = settings, version
        self.build = hashlib.sha256(program.read_bytes()).hexdigest()
        self.log = Log(settings.logs, settings.service, version)
        self._metrics = Metrics()
        self._started_at = datetime.now(UTC)
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._draining = False
        self._open_orders = 0
        self._singleton: IO[bytes] | None = None
        self._server: Server | None = None

    def start(self) -> None:
        """Takes the lock of the active instance and listens; raises OSError when another one has lock or port."""
        settings = self.settings
        self.log.write("info", "starting")
        if settings.singleton_lock is not None and settings.mode == "active":
            self._singleton = _hold(settings.singleton_lock)
        self._server = Server(settings.bind, settings.port, Site(self.handle, self._ticks))
        _after(settings.start_delay_s, self._become_ready)
        if settings.faults.crash_after_s > 0:
            _after(settings.faults.crash_after_s, self._crash)

    def stop(self) -> None:
        """Refuses new orders, waits for open ones, frees port and lock."""
        self.log.write("info", "stopping")
        self._draining = True
        if self.settings.faults.hang_on_stop:
            threading.Event().wait()
        deadline_s = time.monotonic() + DRAIN_WAIT_S
        while self._open_orders and time.monotonic() < deadline_s:
            time.sleep(0.01)
        time.sleep(self.settings.stop_delay_s)
        self._stopping.set()
        if self._server is not None:
            self._server.close()
        if self._singleton is not None:
            self._singleton.close()
        self.log.write("info", "stopped")

    def handle(self, method: str, path: str) -> Answer:
        """Answers one request."""
        begun_s = time.monotonic()
        time.sleep(self.settings.faults.latency_s)
        self._metrics.request()
        answer = self._route(method, path)
        self._metrics.observe(time.monotonic() - begun_s)
        return answer

    def _route(self, method: str, path: str) -> Answer:
        faulty = path not in ("/health", "/metrics") and random.random() < self.settings.faults.error_rate  # noqa: S311
        if faulty:
            self._metrics.error()
            return _json(500, {"error": "fault: errorRate"})
        match method, path:
            case _, "/health":
                return self._health()
            case _, "/metrics":
                connected = not self.settings.faults.unhealthy
                return Answer(
                    200, self._metrics.text(self.settings.service, self.version, connected=connected), METRICS_TYPE
                )
            case "POST", "/orders":
                return self._order()
            case "POST", "/drain" | "/resume":
                self._draining = path == "/drain"
                self.log.write("info", "draining" if self._draining else "resumed")
                return _json(202, {"draining": self._draining})
        return _json(404, {"error": "not found"})

    def _health(self) -> Answer:
        ready, unhealthy = self._ready.is_set(), self.settings.faults.unhealthy
        report = {
            "service": self.settings.service,
            "version": "0.0.0" if self.settings.faults.wrong_version else self.version,
            "build": self.build,
            "pid": os.getpid(),
            "status": "unhealthy" if unhealthy else "healthy" if ready else "starting",
            "mode": self.settings.mode,
            "draining": self._draining,
            "openOrders": self._open_orders,
            "startedAt": self._started_at.isoformat(),
        }
        return _json(200 if ready and not unhealthy else 503, report)

    def _order(self) -> Answer:
        if self._draining or self.settings.mode != "active":
            return _json(503, {"error": "not accepting orders"})
        self._open_orders += 1
        try:
            number = self._metrics.order()
            self.log.write("info", "order", order=number)
            return _json(201, {"order": number, "version": self.version})
        finally:
            self._open_orders -= 1

    def _ticks(self, send: Callable[[bytes], None]) -> None:
        tick = 0
        while not self._stopping.wait(TICK_S if tick else 0) and not self._draining:
            tick += 1
            told = {"tick": tick, "service": self.settings.service, "version": self.version}
            send(websocket.text(json.dumps(told)))
        send(websocket.close(websocket.GOING_AWAY))

    def _become_ready(self) -> None:
        self._ready.set()
        self.log.write("info", "ready")

    def _crash(self) -> None:
        self.log.write("fatal", "fault: crashAfterSeconds")
        os._exit(1)


def _hold(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        file.close()
        raise OSError(f"{path.name}: another active instance holds it") from exc
    return file


def _after(seconds: float, action: Callable[[], None]) -> None:
    if seconds <= 0:
        action()
        return
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()


def _json(status: int, value: dict[str, object]) -> Answer:
    return Answer(status, json.dumps(value) + "\n")
