"""The kernel's socket in a host folder, and how to name it when its path is too long for a Unix address."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "kernel.sock"
_LONGEST = 100
"""sun_path holds 107 bytes on Linux, 103 elsewhere."""


@contextmanager
def address(folder: Path, name: str = NAME) -> Iterator[str]:
    """An address to bind or connect to while the context lasts."""
    plain = str(folder / name)
    if len(os.fsencode(plain)) <= _LONGEST:
        yield plain
        return
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{name}"
    finally:
        os.close(directory)
