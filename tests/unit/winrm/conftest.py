"""A scripted host on a loopback address of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.sandbox.wsman.shells import Quotas
from tests.unit.winrm.scripted_host import ScriptedHost, ScriptedWorker, echo

MakeHost = Callable[..., ScriptedHost]


@pytest.fixture
def make_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeHost]:
    """Starts hosts; all of them are stopped afterwards."""
    monkeypatch.setenv("NTLM_USER_FILE", "")
    hosts: list[ScriptedHost] = []

    def make(worker: ScriptedWorker | None = None, quotas: Quotas | None = None, **_: Any) -> ScriptedHost:
        folder = tmp_path / f"host{len(hosts)}"
        folder.mkdir()
        hosts.append(ScriptedHost(folder, "127.0.80.1", worker or ScriptedWorker({"echo": echo}), quotas))
        return hosts[-1]

    yield make
    for host in hosts:
        host.close()
