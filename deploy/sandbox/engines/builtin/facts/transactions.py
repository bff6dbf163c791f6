"""Facts about open transactions and attested releases."""

from typing import Any

from deploy.sandbox.engines.builtin.journal_file import Read, open_journals
from deploy.sandbox.engines.builtin.primitives.attestation import read_releases
from deploy.sandbox.engines.builtin.world import World


def open_transactions(world: World) -> list[dict[str, Any]]:
    """Section `transactions`: read, and left alone."""
    alive = world.kernel.mutex_taken(world.layout.executor_mutex)
    return [_transaction(journal, alive) for journal in open_journals(world)]


def _transaction(journal: Read, alive: bool) -> dict[str, Any]:
    errors = [record["error"] for record in journal.records if record["t"] in {"failed", "stuck"}]
    return {
        "tx": journal.tx,
        "run": journal.first.get("run", ""),
        "state": journal.state,
        "step": _step(journal),
        "since": journal.first.get("at", ""),
        "executor_alive": alive,
        "error": errors[-1]["message"] if errors else "",
    }


def _step(journal: Read) -> str:
    """Id of the step at which it stands, empty before the first."""
    for record in reversed(journal.records):
        if "i" in record:
            return str(journal.first["steps"][record["i"]]["id"])
    return ""


def releases(world: World) -> list[dict[str, Any]]:
    """Section `releases`, oldest first."""
    return read_releases(world)
