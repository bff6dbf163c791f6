"""A journal as a worker or an executor that died has left it."""

from typing import Any

from deploy.wire.journal import encode_record
from tests.contract.connection import Connection, step
from tests.contract.host_half import HostHalf


class Leftover:
    """Writes journals of one step, which makes FOLDER, under the pair of a worker."""

    FOLDER = r"C:\TradingSystem\left"

    def __init__(self, host: HostHalf, worker: Connection, await_s: float = 30) -> None:
        self._host, self._worker, self._await_s = host, worker, await_s
        fact = worker.must("facts")["host"]["value"]
        self._stamp = {"at": "2026-01-01T00:00:00.000Z", "up": fact["uptime_s"], "boot": fact["boot_id"]}

    def write(self, tx: str, *more: dict[str, Any]) -> None:
        """The journal, with `more` behind its `submitted` record."""
        submitted = {
            "t": "submitted",
            "tx": tx,
            "run": self._worker.run,
            "epoch": self._worker.epoch,
            "agent": "0" * 64,
            "await_s": self._await_s,
            "steps": [step("dir.ensure", "ensure", path=self.FOLDER, acl=None)],
        }
        path = self._host.path(rf"C:\TradingSystem\state\transactions\{tx}.journal")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(encode_record({**record, **self._stamp}) for record in (submitted, *more)))
