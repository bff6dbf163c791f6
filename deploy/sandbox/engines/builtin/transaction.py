"""Carrying out and undoing one transaction: the acting half; what to do is decided in decisions.py."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.sandbox.engines.builtin.decisions import error_of, interruption, steps_to_undo
from deploy.sandbox.engines.builtin.disk import flush_folder, write_flushed
from deploy.sandbox.engines.builtin.faults import wire_error
from deploy.sandbox.engines.builtin.journal_file import Read, append_record, read_journal
from deploy.sandbox.engines.builtin.primitives.primitive import Primitive
from deploy.sandbox.engines.builtin.primitives.table import PRIMITIVES, primitive_of
from deploy.sandbox.engines.builtin.step import Step, check_expectation
from deploy.sandbox.engines.builtin.world import Call, World
from deploy.wire.errors import WireError

UNDO_LEAST_S = 30.0
"""An undo may take as long as its step, but never less than this."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One open transaction. `primitives` is an argument, so that tests can bring their own."""

    world: World
    path: Path
    primitives: dict[str, Primitive] = field(default_factory=lambda: PRIMITIVES)

    @property
    def data(self) -> Path:
        """Folder of data streams and undo data."""
        return self.path.with_suffix(".d")

    @property
    def cancel_marker(self) -> Path:
        """Its presence asks for no further step."""
        return self.path.with_suffix(".cancel")

    def carry_out(self, pid: int, started: str) -> None:
        """Checks all expectations, then does step by step; undoes on an error. The journal tells how it ended.

        An expectation that does not hold drops it: nothing was begun.
        """
        steps: list[Step] = list(self._read().first["steps"])
        try:
            for step in steps:
                primitive_of(step, self.primitives)
                check_expectation(self.world, step)
        except WireError as exc:
            self._end("dropped", exc.as_json())
            return
        at = 0
        try:
            self._write({"t": "begun", "pid": pid, "started": started})
            self.world.kernel.checkpoint("begun")
            for at, step in enumerate(steps):
                self._do(at, step)
        except Exception as exc:  # noqa: BLE001  # whatever it was, what was done has to be undone
            self._fail(at, steps[at], wire_error(exc))
            return
        self._end("committed", None)

    def undo(self) -> None:
        """Undoes in reverse what was begun and not undone yet; an undo that fails leaves the transaction stuck."""
        records = self._read().records
        for doing in steps_to_undo(records):
            step = records[0]["steps"][doing["i"]]
            try:
                self._undo_step(doing, step)
            except Exception as exc:  # noqa: BLE001  # the next look tries it again
                self._stuck(doing["i"], "undo", step, wire_error(exc))
                return
        self._end("undone", error_of(records))

    def undo_interrupted(self, *, hung: bool) -> None:
        """Undoes what an executor that ended has left, and says so first unless the journal does."""
        failed = interruption(self._read().records, hung=hung)
        if failed is not None:
            self._write(failed)
        self.undo()

    def drop(self) -> None:
        """Ends one that never began; for who holds the executor's mutex."""
        message = "nobody awaits it any more; nothing was done"
        self._end("dropped", {"code": "timeout", "message": message})

    def stuck_step_settled(self) -> bool:
        """Whether the step that was given up has ended since; a process of another boot has."""
        journal = self._read()
        if journal.records[-1]["boot"] != self.world.stamp()["boot"]:
            return True
        step = journal.first["steps"][journal.records[-1]["i"]]
        return self.primitives[step["verb"]].settled(self.world, self._call(step, 0.0))

    def _do(self, i: int, step: Step) -> None:
        kernel = self.world.kernel
        if self.cancel_marker.exists():
            raise WireError("cancelled", "cancelled before this step")
        primitive = self.primitives[step["verb"]]
        call = self._call(step, step["deadline_s"])
        undo = self._capture(i, primitive, call)
        self._write(
            {
                "t": "doing",
                "i": i,
                "id": step["id"],
                "verb": step["verb"],
                "undo": undo,
                "deadline_up": self._up_after(step["deadline_s"]),
            }
        )
        kernel.checkpoint(f"before:{i}")
        change = primitive.act(self.world, self._call(step, step["deadline_s"]))
        kernel.checkpoint(f"acted:{i}")
        self._write({"t": "done", "i": i, "changed": change.changed, "detail": change.detail})
        kernel.checkpoint(f"done:{i}")

    def _capture(self, i: int, primitive: Primitive, call: Call) -> str | None:
        """Writes the undo data and flushes it, before the journal says that the step is being done."""
        name = f"undo-{i}"
        captured = primitive.capture(self.world, call, self.data / f"{name}.bytes")
        if captured is None:
            return None
        content = json.dumps(captured).encode()
        self.world.kernel.disk_take(len(content))
        write_flushed(self.data / name, iter((content,)))
        flush_folder(self.data)
        return name

    def _undo_step(self, doing: dict[str, Any], step: Step) -> None:
        i = doing["i"]
        allowed_s = max(step["deadline_s"], UNDO_LEAST_S)
        self._write({"t": "undoing", "i": i, "deadline_up": self._up_after(allowed_s)})
        self.world.kernel.checkpoint(f"undo:{i}")
        captured = json.loads((self.data / doing["undo"]).read_bytes()) if doing["undo"] else {}
        primitive = self.primitives[step["verb"]]
        primitive.undo(self.world, self._call(step, allowed_s), captured, self.data / f"undo-{i}.bytes")
        self._write({"t": "undo-done", "i": i})
        self.world.kernel.checkpoint(f"undone:{i}")

    def _fail(self, i: int, step: Step, error: WireError) -> None:
        if error.code == "still-running":
            self._stuck(i, "do", step, error)
            return
        self._write({"t": "failed", "i": i, "error": _located(error, step)})
        self.undo()

    def _stuck(self, i: int, phase: str, step: Step, error: WireError) -> None:
        self._write({"t": "stuck", "i": i, "phase": phase, "error": _located(error, step)})

    def _end(self, outcome: str, error: dict[str, Any] | None) -> None:
        self._write({"t": "ended", "outcome": outcome, "error": error})
        self.world.kernel.checkpoint("ended")

    def _call(self, step: Step, within_s: float) -> Call:
        return Call(step["args"], self.data, self.world.clock.now() + within_s)

    def _up_after(self, seconds: float) -> float:
        return round(float(self.world.stamp()["up"]) + seconds, 3)

    def _read(self) -> Read:
        return read_journal(self.path)

    def _write(self, record: dict[str, Any]) -> None:
        append_record(self.world, self.path, {**record, **self.world.stamp()})


def _located(error: WireError, step: Step) -> dict[str, Any]:
    return {**error.as_json(), "where": step["id"]}
