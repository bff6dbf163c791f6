"""The host half as one PowerShell module: its parts in a fixed order, so that equal sources give equal bytes."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_AGENT = Path(__file__).parent / "agent"
_FIRST = ("core/prelude.ps1",)
_LAST = "core/exports.ps1"
_FOLDERS = ("core", "primitives", "facts")


@dataclass(frozen=True, slots=True)
class Bundle:
    """`text`: the module; `sha256`: its name on the host, lower hex; `boot`: the constant bootstrap's text."""

    text: bytes
    sha256: str
    boot: str


@cache
def bundle() -> Bundle:
    """The module and the bootstrap; raises ValueError, naming the part, when one isn't ASCII."""
    text = join(parts(_AGENT))
    return Bundle(text, hashlib.sha256(text).hexdigest(), _read(_AGENT / "boot.ps1"))


def parts(agent: Path) -> tuple[Path, ...]:
    """The module's parts in their order: the prelude, the folders' parts by name, the exports."""
    fixed = {agent / name for name in (*_FIRST, _LAST)}
    found = [path for folder in _FOLDERS for path in sorted((agent / folder).rglob("*.ps1")) if path not in fixed]
    return (*(agent / name for name in _FIRST), *found, agent / _LAST)


def join(paths: tuple[Path, ...]) -> bytes:
    """The module's text: executor.ps1 as a function that gives it, between the parts and the exports."""
    *body, exports = (_read(path) for path in paths)
    entry = _read(_AGENT / "executor.ps1")
    if "\n'@" in entry:
        raise ValueError("executor.ps1: a line starts with '@, which would end the text that the module keeps of it")
    function = f"function Get-ExecutorEntry {{\n    # Text of executor.ps1.\n    return @'\n{entry}'@\n}}\n"
    return "\n".join((*body, function, exports)).encode("ascii")


def _read(path: Path) -> str:
    """A part's text with line feeds, whatever git made of it."""
    try:
        return path.read_bytes().decode("ascii").replace("\r\n", "\n")
    except UnicodeDecodeError as exc:
        raise ValueError(f"{path}: byte {exc.start} is not ASCII; Windows PowerShell 5.1 would misread it") from None
