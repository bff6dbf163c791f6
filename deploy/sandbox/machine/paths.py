"""Windows paths and where they lie on this disk: `C:\\x` is `<host folder>/C/x`, in any case."""

import os
from pathlib import Path

from deploy.sandbox.machine.kernel import KernelError

DISK = "C"
_FORBIDDEN = frozenset('<>:"|?*')


def to_local(folder: Path, path: str) -> Path:
    """The local path of a Windows path, with the case of what exists; it need not exist.

    Raises KernelError: 15 no such drive, 123 not a name, 161 leads out of the disk.
    """
    plain = path.removeprefix("\\\\?\\").replace("/", "\\")
    if plain[:2].upper() != f"{DISK}:" or plain[2:3] not in ("\\", ""):
        raise KernelError(15, f"path {path!r}: expected an absolute path on {DISK}:")
    disk = folder / DISK
    local = disk
    for part in _parts(path, plain[2:]):
        local = _child(local, part)
        if local.is_symlink() and not local.resolve().is_relative_to(disk.resolve()):
            raise KernelError(161, f"path {path!r}: leads out of the disk")
    return local


def to_windows(folder: Path, local: Path) -> str:
    """The Windows path of something on the machine's disk; KernelError 161 when it lies elsewhere."""
    try:
        parts = local.relative_to(folder / DISK).parts
    except ValueError:
        raise KernelError(161, f"{local}: not on the machine's disk") from None
    return f"{DISK}:\\" + "\\".join(parts)


def parent(path: str) -> str:
    """The folder of a Windows path: `C:\\a\\b.exe` → `C:\\a`."""
    return path.replace("/", "\\").rstrip("\\").rpartition("\\")[0]


def _parts(path: str, rest: str) -> list[str]:
    parts: list[str] = []
    for part in rest.split("\\"):
        if part == "..":
            if not parts:
                raise KernelError(161, f"path {path!r}: leads out of the disk")
            parts.pop()
        elif part not in ("", "."):
            if _FORBIDDEN & set(part) or min(part) < " " or part != part.rstrip(" ."):
                raise KernelError(123, f"path {path!r}: {part!r} is not a file name")
            parts.append(part)
    return parts


def _child(local: Path, name: str) -> Path:
    exact = local / name
    if os.path.lexists(exact):
        return exact
    wanted = name.casefold()
    try:
        names = os.listdir(local)  # noqa: PTH208  # names only; this runs for every part of every path
    except OSError:
        return exact
    return local / next((found for found in names if found.casefold() == wanted), name)
