"""The WS-Man service of one host: both listeners, the shells behind them, the faults injected into it."""

import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PureWindowsPath

from deploy.sandbox.wsman.accounts import Accounts
from deploy.sandbox.wsman.injection import Injection, When
from deploy.sandbox.wsman.job import Runner
from deploy.sandbox.wsman.listener import Listener
from deploy.sandbox.wsman.operations import Operations
from deploy.sandbox.wsman.shells import Quotas
from deploy.sandbox.wsman.traffic import Traffic

HTTP_PORT = 5985
HTTPS_PORT = 5986
REAP_INTERVAL_S = 0.5


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a host listens. Port 0 lets the system choose, once."""

    address: str
    http_port: int = HTTP_PORT
    https_port: int = HTTPS_PORT


class WsmanHost:
    """One host's WS-Man service. `start` and `stop` may follow each other: a host is switched off and on."""

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        accounts: Accounts,
        tls: ssl.SSLContext,
        runner: Runner,
        environment: Mapping[str, str],
        home: PureWindowsPath,
        is_directory: Callable[[PureWindowsPath], bool],
        quotas: Quotas | None = None,
    ) -> None:
        self.name = name
        self.accounts = accounts
        self.quotas = quotas or Quotas()
        self.injection = Injection()
        self.traffic = Traffic()
        self.operations = Operations(runner, self.quotas, environment, home, is_directory)
        self._endpoint = endpoint
        self._tls = tls
        self._listeners: list[Listener] = []
        self._stopped = threading.Event()

    def start(self) -> None:
        """Opens both ports; raises OSError when one is taken (nothing stays open then)."""
        if self._listeners:
            return
        where = self._endpoint
        http = Listener(self, (where.address, where.http_port), None)
        try:
            https = Listener(self, (where.address, where.https_port), self._tls)
        except OSError:
            http.server_close()
            raise
        self._endpoint = Endpoint(where.address, http.server_port, https.server_port)
        self._listeners = [http, https]
        for listener in self._listeners:
            listener.start()
        self._stopped = threading.Event()
        threading.Thread(target=self._reap, args=(self._stopped,), name="reaper", daemon=True).start()

    def stop(self) -> None:
        """Closes ports and connections and ends all shells with their processes."""
        self._stopped.set()
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener.stop()
        self.operations.shells.delete_all()

    def drop_connections(self) -> None:
        """Breaks every connection; shells and what runs in them stay."""
        for listener in self._listeners:
            listener.drop_connections()

    @property
    def ports(self) -> tuple[int, int]:
        """The HTTP and HTTPS ports in use."""
        http, https = self._listeners
        return http.server_port, https.server_port

    def strike(self, when: When, action: str, dropped: type[Exception]) -> None:
        """Where injected faults of requests happen; raises `dropped` when the connection is to break."""
        if self.injection.takes("delete-shell", when, action):
            self.operations.shells.delete_all()
        if self.injection.takes("drop-connection", when, action):
            raise dropped

    def _reap(self, stopped: threading.Event) -> None:
        while not stopped.wait(REAP_INTERVAL_S):
            self.operations.shells.reap(time.monotonic())
