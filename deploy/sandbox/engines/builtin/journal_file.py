"""Journals on disk: appended and flushed record by record, a torn tail cut off first; the reserve for a full disk."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.sandbox.engines.builtin.disk import flush_folder, write_flushed
from deploy.sandbox.engines.builtin.faults import wire_error
from deploy.sandbox.engines.builtin.world import World
from deploy.sandbox.machine.kernel import KernelError
from deploy.wire.journal import OPEN_STATES, JournalError, State, decode_records, encode_record

SUFFIX = ".journal"
RESERVE = "reserve"
RESERVE_BYTES = 64 * 1024
_FROM_THE_RESERVE = frozenset({"failed", "stuck", "undoing", "undo-done", "ended"})
"""Records that a full disk must not stop. Going on forward is no reason to use it up."""
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Read:
    """A journal as it was read. `records` of an unreadable one are empty."""

    tx: str
    path: Path
    state: State
    records: tuple[Record, ...] = field(default=())

    @property
    def first(self) -> Record:
        """The `submitted` record; empty when even that was torn."""
        return self.records[0] if self.records else {}


def journal_path(world: World, tx: str) -> Path:
    """Where a transaction's journal lies."""
    return world.disk.local(rf"{world.layout.transactions}\{tx}{SUFFIX}")


def read_journal(path: Path) -> Read:
    """Reads one; raises FileNotFoundError."""
    tx = path.name.removesuffix(SUFFIX)
    try:
        journal = decode_records(path.read_bytes())
    except JournalError:
        return Read(tx, path, "unreadable")
    return Read(tx, path, journal.state, journal.records)


def write_reserve(world: World, folder: Path) -> None:
    """Takes up space on the disk that the journal gets when there is no other; bytes that no file system leaves out."""
    world.kernel.disk_take(RESERVE_BYTES)
    write_flushed(folder / RESERVE, iter((os.urandom(RESERVE_BYTES),)))
    flush_folder(folder)


def append_record(world: World, path: Path, record: Record) -> None:
    """Cuts off a torn tail, appends, flushes. On a full disk what tells of an undo or an end uses the reserve."""
    line = encode_record(record)
    try:
        _append(world, path, line)
    except (OSError, KernelError) as exc:
        spare = record["t"] in _FROM_THE_RESERVE and wire_error(exc).code == "disk-full"
        if not spare or not _release_reserve(world, path):
            raise
        _append(world, path, line)


def _release_reserve(world: World, path: Path) -> bool:
    reserve = path.with_suffix(".d") / RESERVE
    if not reserve.exists():
        return False
    size = reserve.stat().st_size
    reserve.unlink()
    flush_folder(reserve.parent)
    world.kernel.disk_give(size)
    return True


def _append(world: World, path: Path, line: bytes) -> None:
    world.kernel.disk_take(len(line))
    new = not path.exists()
    with path.open("ab") as file:
        if not new:
            file.truncate(decode_records(path.read_bytes()).sound_bytes)
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    if new:
        flush_folder(path.parent)


def create_journal(world: World, path: Path, record: Record) -> None:
    """Writes a journal's first record beside and renames it: no executor ever sees one without."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    append_record(world, beside, record)
    beside.rename(path)
    flush_folder(path.parent)


def all_journals(world: World) -> list[Read]:
    """All journals, by name."""
    folder = world.disk.local(world.layout.transactions)
    paths = sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []
    return [read_journal(path) for path in paths]


def open_journals(world: World) -> list[Read]:
    """Those of transactions that have not ended."""
    return [journal for journal in all_journals(world) if journal.state in OPEN_STATES]


def settleable_journals(world: World) -> list[Read]:
    """The open ones that an executor can bring on; an unreadable one is for a person."""
    return [journal for journal in open_journals(world) if journal.state != "unreadable"]
