"""Headless Chromium over its debugging pipe: no driver, no port, no library."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-pipe",
)  # fmt: skip


class Chromium:
    """One page. `told` holds every event that the browser sent: console, log, network."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._write = os.fdopen(to_browser, "wb", buffering=0)
        self._read = os.fdopen(from_browser, "rb", buffering=0)
        self._rest, self._number, self._session = b"", 0, ""
        self.told: list[dict[str, Any]] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Sends a command and gives its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._write.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self.told.append(answer)

    def open(self, path: Path, *, width: int, height: int = 800, dark: bool = False) -> None:
        """Shows a local file, as a phone does when it is narrow, and waits until it has loaded."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.ask("Emulation.setDeviceMetricsOverride", **metrics)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.ask("Emulation.setEmulatedMedia", features=scheme)
        self.told.clear()
        self.ask("Page.navigate", url=path.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.told):
            self.told.append(self._next())
        self.ask("Runtime.evaluate", expression="document.readyState")

    def value(self, expression: str) -> Any:
        """What a JavaScript expression gives."""
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    @property
    def requests(self) -> list[str]:
        """Addresses that were asked for, the page's own and inline data aside."""
        sent = [event["params"] for event in self.told if event["method"] == "Network.requestWillBeSent"]
        return [item["request"]["url"] for item in sent if item.get("type") != "Document" and not _inline(item)]

    @property
    def complaints(self) -> list[dict[str, Any]]:
        """What the console would show."""
        kinds = {"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"}
        return [event["params"] for event in self.told if event["method"] in kinds]

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = self._read.read(65536)
            assert part, "Chromium ended"
            self._rest += part
        line, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    def close(self) -> None:
        self._write.close()
        self._read.close()


def _inline(item: dict[str, Any]) -> bool:
    return str(item["request"]["url"]).startswith("data:")


@contextmanager
def chromium() -> Iterator[Chromium]:
    """A browser of its own; skips where there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium: apt-get install chromium")
    to_browser, from_browser = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # The pipe is file descriptors 3 and 4 of the browser: the shell puts them there.
        line = f'exec "$0" "$@" 3<&{to_browser[0]} 4>&{from_browser[1]}'
        with subprocess.Popen(
            ["/bin/bash", "-c", line, program, *_FLAGS, f"--user-data-dir={profile}"],
            pass_fds=(to_browser[0], from_browser[1]),
            stderr=subprocess.DEVNULL,
        ) as process:
            os.close(to_browser[0])
            os.close(from_browser[1])
            try:
                browser = Chromium(to_browser[1], from_browser[0])
                yield browser
                browser.close()
            finally:
                process.terminate()
                process.wait(10)
