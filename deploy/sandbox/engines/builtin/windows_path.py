"""Windows paths, checked before anything is done with them."""

import re

from deploy.wire.errors import WireError

_DRIVE = re.compile(r"([A-Za-z]):[\\/](.*)", re.DOTALL)
_SEPARATOR = re.compile(r"[\\/]+")
_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f]')
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\..*)?", re.IGNORECASE)
MAX_NAME = 255
MAX_PATH = 32_000
"""Windows ends at 32,767; what is written beside a file needs room, too."""


def parts_of(path: object) -> tuple[str, tuple[str, ...]]:
    """Drive letter and names of an absolute path. Raises WireError `bad-request` for what isn't one."""
    match = _DRIVE.fullmatch(path) if isinstance(path, str) else None
    if match is None:
        raise WireError("bad-request", f"{path!r} is no absolute path", expected=r"C:\…")
    if len(match.string) > MAX_PATH:
        raise WireError("path-too-long", f"{match.string[:60]}…: more than {MAX_PATH} characters", expected=MAX_PATH)
    return match.group(1).upper(), names_of(match.group(2))


def names_of(relative: str) -> tuple[str, ...]:
    """The names of a relative path; raises WireError for one that Windows or our rules do not allow."""
    names = tuple(name for name in _SEPARATOR.split(relative) if name)
    for name in names:
        _check_name(name, relative)
    return names


def relative_names(relative: object) -> tuple[str, ...]:
    """As names_of, for a member of a folder: never empty, never absolute."""
    if not isinstance(relative, str) or not relative or relative[0] in "\\/":
        raise WireError("bad-request", f"{relative!r} is no relative path")
    return names_of(relative)


def _check_name(name: str, path: str) -> None:
    if name in {".", ".."} or _FORBIDDEN.search(name) or name[-1] in " ." or _DEVICES.fullmatch(name):
        raise WireError("bad-request", f"{path!r}: {name!r} is not allowed as a name on Windows, or leads elsewhere")
    if len(name.encode("utf-16-le")) // 2 > MAX_NAME:
        raise WireError("path-too-long", f"{path!r}: a name has more than {MAX_NAME} characters", expected=MAX_NAME)
