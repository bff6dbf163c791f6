"""All simulated hosts of an environment: started, stopped, looked at, broken on purpose."""

import re
from typing import Any

from deploy.sandbox.fleet.engines import ENGINES
from deploy.sandbox.fleet.folder import FleetFolder
from deploy.sandbox.fleet.host import Host
from deploy.sandbox.fleet.listening import ports_at
from deploy.sandbox.fleet.spec import FleetSpec
from deploy.sandbox.fleet.store_server import StoreServer
from deploy.sandbox.machine.faults import KINDS as MACHINE_KINDS
from deploy.sandbox.wsman.accounts import Accounts
from deploy.sandbox.wsman.certificates import server_context
from deploy.sandbox.wsman.injection import KINDS as WIRE_KINDS
from deploy.sandbox.wsman.server import Endpoint
from deploy.wire.bootstrap import DEFAULT_ROOT

KINDS = tuple(sorted({*MACHINE_KINDS, *WIRE_KINDS}))
_WIRE_LABEL = re.compile(r"(before|after)(:(Create|Command|Send|Receive|Signal|Delete))?")


class Fleet:
    """`start` opens everything; `stop` ends everything that was started, by its process id."""

    def __init__(self, folder: FleetFolder, spec: FleetSpec) -> None:
        self.spec = spec
        self._folder = folder
        accounts = Accounts({spec.user: folder.password.read_text("utf-8").strip()}, (host.name for host in spec.hosts))
        accounts.publish(folder.ntlm_file)
        tls, make_host = server_context(folder.certificates), ENGINES[spec.engine]
        self._store: StoreServer | None = None
        self.hosts: dict[str, Host] = {}
        for host in spec.hosts:
            home = folder.host(host.name)
            home.mkdir(parents=True, exist_ok=True)
            endpoint = Endpoint(host.address, spec.http_port, spec.https_port)
            self.hosts[host.name] = make_host(home, host.name, endpoint, accounts, spec, tls)

    def start(self) -> None:
        """Switches every host on; raises OSError when a port is taken."""
        if self.spec.store:
            self._store = StoreServer(self.spec.store)
        for host in self.hosts.values():
            host.power_on()

    def stop(self) -> None:
        """Ends it all; machines keep their state."""
        for host in self.hosts.values():
            host.close()
        if self._store:
            self._store.stop()

    def status(self) -> list[dict[str, Any]]:
        """One entry a host: how to reach it, and what runs there."""
        return [self._status(host) for host in self.hosts.values()]

    def power(self, name: str, on: bool) -> None:
        """The power switch of a host; LookupError for an unknown one."""
        host = self._host(name)
        if on:
            host.power_on()
        else:
            host.power_off()

    def fault(self, name: str, fault: dict[str, Any]) -> None:
        """Arms `{kind, label?, step?, times?, service?, seconds?}`; LookupError, ValueError or KernelError."""
        host, kind, label = self._host(name), fault.get("kind"), str(fault.get("label") or "")
        if kind not in KINDS:
            raise ValueError(f"fault {kind!r}: expected one of {', '.join(KINDS)}")
        if kind not in MACHINE_KINDS or (kind in WIRE_KINDS and _WIRE_LABEL.fullmatch(label)):
            milliseconds = round(float(fault.get("seconds") or 0) * 1000)
            host.wsman.injection.arm(kind, label or (str(milliseconds) if kind == "latency" else ""))
        else:
            host.arm(fault)

    def clear(self, name: str) -> None:
        """Ends all faults of a host."""
        host = self._host(name)
        host.wsman.injection.clear(None)
        host.disarm()

    def traffic(self, name: str) -> dict[str, object]:
        """What passed the wire of a host since the fleet was started."""
        return self._host(name).wsman.traffic.as_json()

    def task_interval(self, seconds: float) -> None:
        """How often enabled tasks run, on every host."""
        for host in self.hosts.values():
            host.task_interval(seconds)

    def fire_tasks(self, name: str) -> None:
        """Brings the tasks' trigger forward."""
        self._host(name).fire_tasks()

    def _host(self, name: str) -> Host:
        if name not in self.hosts:
            raise LookupError(f"host {name!r}: expected one of {', '.join(self.hosts)}")
        return self.hosts[name]

    def _status(self, host: Host) -> dict[str, Any]:
        return {
            "name": host.name,
            "address": host.address,
            "http": f"http://{host.address}:{self.spec.http_port}/wsman",
            "https": f"https://{host.address}:{self.spec.https_port}/wsman",
            "user": self.spec.user,
            "password_file": str(self._folder.password),
            "root": DEFAULT_ROOT,
            "engine": self.spec.engine,
            "power": "on" if host.powered else "off",
            "faults": [*host.armed(), *_wire_faults(host)],
            "services": host.services_running() if host.powered else [],
            "listening": sorted({*ports_at(host.address)} - {self.spec.http_port, self.spec.https_port}),
        }


def _wire_faults(host: Host) -> list[dict[str, str]]:
    return [{"kind": kind, "label": label} for kind, label in host.wsman.injection.armed().items()]
