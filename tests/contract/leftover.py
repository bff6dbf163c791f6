"""A journal as a worker or an executor that died has left it."""

from typing import Any

from deploy.wire.journal import decode_records, encode_record
from tests.contract.connection import Connection, step
from tests.contract.host_half import ROOT, HostHalf


def journal(tx: str) -> str:
    """Where a transaction's journal lies."""
    return rf"{ROOT}\state\transactions\{tx}.journal"


class Leftover:
    """Writes journals of one step, which makes FOLDER, under the pair of a worker."""

    FOLDER = rf"{ROOT}\left"

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
        path = self._host.path(journal(tx))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(encode_record({**record, **self._stamp}) for record in (submitted, *more)))


def journaled(host: HostHalf, tx: str) -> tuple[dict[str, Any], ...]:
    """The records of a journal, from the file itself, so that nobody connects."""
    return decode_records(host.path(journal(tx)).read_bytes()).records


def outcome(host: HostHalf, tx: str) -> str:
    """How a transaction ended, empty while it has not."""
    return str(journaled(host, tx)[-1].get("outcome", ""))
