"""Transactions of a few steps, and how far they are."""

from typing import Any

from tests.contract.connection import Connection, sha256, step
from tests.contract.host_half import ROOT

DATA = rf"{ROOT}\data"
FAILING = step("service.start", "fails", name="Absent")
AWAIT_S = 60


def put(name: str, stream: int = 0, content: bytes = b"new") -> dict[str, Any]:
    """Writes a file of DATA."""
    args: dict[str, Any] = {"path": rf"{DATA}\{name}", "sha256": sha256(content), "size": len(content), "acl": None}
    return step("file.put", f"put-{name}", **args, data={"data": stream})


def submit(worker: Connection, tx: str, *steps: dict[str, Any], data: tuple[bytes, ...] = (b"new",)) -> dict[str, Any]:
    """What is told of a transaction once it has ended."""
    return worker.must("tx.submit", {"tx": tx, "steps": list(steps), "await_s": AWAIT_S, "follow": True}, data)


def begin(worker: Connection, tx: str, *steps: dict[str, Any]) -> None:
    """Submits it, and doesn't wait."""
    worker.must("tx.submit", {"tx": tx, "steps": list(steps), "await_s": AWAIT_S, "follow": False}, [b"new"])


def at_gate(reader: Connection, tx: str) -> bool:
    """Whether a transaction has come as far as its `service.healthy`; false as well while there is none."""
    answer = reader.ask("tx.read", {"tx": tx, "after": 0})
    last = answer.result["records"][-1] if answer.ok else {}
    return (last.get("t"), last.get("verb")) == ("doing", "service.healthy")


def kinds(result: dict[str, Any]) -> list[str]:
    """Of its records."""
    return [record["t"] for record in result["records"]]
