"""An outside observer in a process of its own: connects to ports every 20 ms and says how long each was away.

`python -m deploy.bench.prober SECONDS ADDRESS PORT…` says `ready` once all answer, or gives up after so many seconds;
it goes on until its stdin ends, then prints `{port: seconds}`.
"""

import json
import socket
import subprocess
import sys
import threading
import time
from types import TracebackType
from typing import TextIO

from deploy.bench.not_measured import NotMeasured
from deploy.bench.outage import Sample, longest_outage_s

EVERY_S = 0.02
CONNECT_S = 1.0
MOST_S = 600.0
START_S = 30.0
Place = tuple[str, int]


class Prober:
    """Observes from entering until `stop`. Raises NotMeasured when the ports don't answer to begin with."""

    def __init__(self, address: str, ports: tuple[int, ...], patience_s: float = START_S) -> None:
        self._patience_s = patience_s
        words = (str(patience_s), address, *map(str, ports))
        self._command = [sys.executable, "-m", "deploy.bench.prober", *words]
        self._process: subprocess.Popen[str]

    def __enter__(self) -> "Prober":
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != "ready":
            self._process.kill()
            self._process.communicate()
            raise NotMeasured(f"not all ports answered within {self._patience_s:g} s")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()

    def stop(self) -> dict[int, float]:
        """Port → seconds of its longest outage."""
        said, _ = self._process.communicate(timeout=START_S)
        return {int(port): float(seconds) for port, seconds in json.loads(said).items()}


def accepts(place: Place) -> bool:
    """Whether a connection is accepted now."""
    try:
        socket.create_connection(place, CONNECT_S).close()
    except OSError:
        return False
    return True


def _watch(place: Place, samples: list[Sample], over: threading.Event, until_s: float) -> None:
    while time.monotonic() < until_s:
        at = time.monotonic()
        samples.append((at, accepts(place)))
        if over.wait(max(0.0, at + EVERY_S - time.monotonic())):
            return


def _all_answer(places: list[Place], until_s: float) -> bool:
    while not all(accepts(place) for place in places):
        if time.monotonic() > until_s:
            return False
        time.sleep(EVERY_S)
    return True


def main(words: list[str], stdin: TextIO, stdout: TextIO) -> int:
    """The process."""
    patience_s, address, *ports = words
    places = [(address, int(port)) for port in ports]
    begun_s = time.monotonic()
    if not _all_answer(places, begun_s + float(patience_s)):
        return 1
    over = threading.Event()
    seen: dict[int, list[Sample]] = {port: [] for _, port in places}
    threads = [
        threading.Thread(target=_watch, args=(place, seen[place[1]], over, begun_s + MOST_S), daemon=True)
        for place in places
    ]
    for thread in threads:
        thread.start()
    print("ready", file=stdout, flush=True)
    stdin.read()
    over.set()
    for thread in threads:
        thread.join(CONNECT_S + EVERY_S)
    print(json.dumps({port: longest_outage_s(samples) for port, samples in seen.items()}), file=stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdin, sys.stdout))
