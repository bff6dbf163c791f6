"""How a host is reached, and what is started there."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from deploy.winrm.endpoint import Endpoint
from deploy.wire import bootstrap


class Module(Protocol):
    """The host half as it is sent: `agent_bundle.Bundle` is one."""

    @property
    def text(self) -> bytes:
        """The module's file."""

    @property
    def sha256(self) -> str:
        """Its digest, lower hex."""

    @property
    def boot(self) -> str:
        """Script text that starts it; constant."""


@dataclass(frozen=True, slots=True)
class HostAccess:
    """What a worker is started with. `now` and `sleep` are seconds of a monotonic clock, `wall` is UTC epoch."""

    endpoint: Endpoint
    module: Module
    root: str = bootstrap.DEFAULT_ROOT
    now: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
