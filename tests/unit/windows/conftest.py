"""A host whose half is scripted, and a target for it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.model.secret import Secret
from deploy.windows.host_access import HostAccess
from deploy.windows.target import WindowsTarget
from tests.unit.windows.host_half import HostHalf
from tests.unit.winrm.scripted_host import Bundle, ScriptedHost

ASKED: dict[str, Any] = {"services": [], "secrets": [{"service": "Svc", "name": "k", "path": "p"}], "deep": False}


class Clock:
    """Stands still but for sleeping; `on_sleep` happens instead of each."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.slept: list[float] = []
        self.on_sleep: Callable[[], None] = lambda: None

    def now(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        self.slept.append(seconds)
        self.on_sleep()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def half() -> HostHalf:
    return HostHalf()


@pytest.fixture
def host(half: HostHalf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedHost]:
    monkeypatch.setenv("NTLM_USER_FILE", "")
    scripted = ScriptedHost(tmp_path, "127.0.80.2", half.worker)
    yield scripted
    half.release.set()
    half.submitting.set()
    scripted.close()


@pytest.fixture
def make_target(host: ScriptedHost, clock: Clock) -> Iterator[Callable[[], WindowsTarget]]:
    made: list[WindowsTarget] = []

    def make() -> WindowsTarget:
        access = HostAccess(host.endpoint(), Bundle(), now=clock.now, sleep=clock.sleep)
        made.append(WindowsTarget(access, lambda deep: {**ASKED, "deep": deep}, Secret("digest-key")))
        return made[-1]

    yield make
    for target in made:
        target.close()


@pytest.fixture
def target(make_target: Callable[[], WindowsTarget]) -> WindowsTarget:
    return make_target()
