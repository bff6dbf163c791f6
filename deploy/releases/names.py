"""Which names a file inside an artifact may bear, so that Windows unpacks every one of them, and only there."""

import re
from collections.abc import Iterable

MAX_MEMBER = 180
"""UTF-16 units of a member's path: the folder of a revision takes the rest of Windows' 259."""
MAX_PATH = 259

_FAULTS = (
    (re.compile(r"^[/\\]"), "is absolute or names a share"),
    (re.compile(r"^[A-Za-z]:"), "names a drive"),
    (re.compile(r":"), "names an alternate data stream"),
    (re.compile(r"\\"), "holds a backslash"),
)
_ILLEGAL = re.compile(r'[\x00-\x1f<>"|?*]')
_RESERVED = re.compile(r"(CON|PRN|AUX|NUL|CLOCK\$|CONIN\$|CONOUT\$|COM[0-9¹²³]|LPT[0-9¹²³])", re.IGNORECASE)
_OURS = {"revision.json", "artifact.toml"}


def member_fault(name: str) -> str | None:
    """What is wrong with a member's path (forward slashes, no trailing one), or None."""
    for pattern, meaning in _FAULTS:
        if pattern.search(name):
            return meaning
    if _utf16_units(name) > MAX_MEMBER:
        return f"is longer than {MAX_MEMBER} characters"
    if name.casefold() in _OURS:
        return "is a name that the toolkit keeps for itself"
    return next((fault for part in name.split("/") if (fault := _part_fault(part))), None)


def collisions(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Pairs of paths (or of folders on their way) that differ in case only, or that are both file and folder."""
    spellings: dict[str, str] = {}
    files: set[str] = set()
    folders: set[str] = set()
    found: list[tuple[str, str]] = []
    for name in sorted(names):
        parts = name.split("/")
        ways = ["/".join(parts[: end + 1]) for end in range(len(parts))]
        for way in ways:
            first = spellings.setdefault(way.casefold(), way)
            if first != way:
                found.append((first, way))
        if name in files or name in folders or files.intersection(ways):
            found.append((name, name))
        files.add(name)
        folders.update(ways[:-1])
    return tuple(found)


def too_long(folder: str, name: str) -> bool:
    """Whether Windows' classic path limit is passed once `name` lies in `folder` (`.tmp-00` while it is composed)."""
    return _utf16_units(f"{folder}.tmp-00\\{name}") > MAX_PATH


def _part_fault(part: str) -> str | None:
    if part in {"", ".", ".."}:
        return f"holds the part {part!r}, which leads elsewhere"
    if _ILLEGAL.search(part):
        return "holds a character that Windows forbids"
    if not part.isprintable() or "\ufffd" in part:
        return "holds a character that cannot be shown"
    if part.endswith((".", " ")):
        return "has a part that ends with a dot or a space, which Windows drops"
    if _RESERVED.fullmatch(part.split(".", maxsplit=1)[0].rstrip(" ")):
        return f"holds the part {part!r}, a device's name on Windows"
    return None


def _utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
