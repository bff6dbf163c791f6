"""The same bytes over three ways: a plain GET, pulled by the host, pushed through its shell."""

import hashlib
import os
import random
import shutil
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from deploy.execution.target import Target
from deploy.model.step import Blob, Step

MB = 1_000_000
_PIECE = 1024 * 1024
_DEADLINE_S = 120.0
_PULLS, _PUSHES = 11, 2


@dataclass(frozen=True, slots=True)
class Payload:
    """A file of the store, and how hosts reach it. `folder`: where hosts put it, below their root."""

    path: Path
    url: str
    folder: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Speeds:
    """`pull_ratio`: how many times a GET's time a pull takes; the push in MB (10⁶ bytes) a second."""

    pull_ratio: float
    push_mb_per_s: float


def make_payload(path: Path, url: str, folder: str, size: int) -> Payload:
    """Writes `size` bytes that no compression makes smaller."""
    digest, source = hashlib.sha256(), random.Random(size)  # noqa: S311  # bytes to carry, no secret
    with path.open("wb") as file:
        for at in range(0, size, _PIECE):
            piece = source.randbytes(min(_PIECE, size - at))
            digest.update(piece)
            file.write(piece)
    return Payload(path, url, folder, size, digest.hexdigest())


def measure(target: Target, payload: Payload, scratch: Path) -> Speeds:
    """GET and pull in turn, then the push; the best of each, because whatever else the machine does only slows it.

    The target holds its run lock.
    """
    gets, pulls = [], []
    for number in range(_PULLS):
        gets.append(_get_s(payload, scratch))
        pulls.append(_apply_s(target, _fetch(payload, number)))
    push_s = min(_apply_s(target, _put(payload, number)) for number in range(_PUSHES))
    return Speeds(min(pulls) / min(gets), payload.size / MB / push_s)


def _get_s(payload: Payload, scratch: Path) -> float:
    """A download as Python's documentation has it; the file is flushed as the pull's is, but nothing is verified."""
    begun_s = time.monotonic()
    with urllib.request.urlopen(payload.url) as answer, scratch.open("wb") as file:  # noqa: S310  # our own store
        shutil.copyfileobj(answer, file)
        file.flush()
        os.fsync(file.fileno())
    seconds = time.monotonic() - begun_s
    scratch.unlink()
    return seconds


def _apply_s(target: Target, step: Step) -> float:
    begun_s = time.monotonic()
    (result,) = target.apply((step,))
    seconds = time.monotonic() - begun_s
    assert result.changed, step.id
    target.apply((Step("clear", "dir.remove", {"path": step.args["path"].rpartition("\\")[0]}, "bench"),))
    return seconds


def _fetch(payload: Payload, number: int) -> Step:
    args = {"url": payload.url, "headers": {}, **_place(payload, number)}
    return Step("pull", "file.fetch", args, "bench", deadline_s=_DEADLINE_S)


def _put(payload: Payload, number: int) -> Step:
    args = {"data": Blob(payload.sha256, payload.path), "acl": None, **_place(payload, number)}
    return Step("push", "file.put", args, "bench", deadline_s=_DEADLINE_S)


def _place(payload: Payload, number: int) -> dict[str, object]:
    return {"path": rf"{payload.folder}\payload-{number}", "sha256": payload.sha256, "size": payload.size}
