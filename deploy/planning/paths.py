"""Paths on a host, as text: where things lie under the root, and what a registered command line names."""

import ntpath
import re

_PROGRAM = re.compile(r"(.+?\.exe)(?=\s|$)", re.IGNORECASE)


def releases(root: str, service: str) -> str:
    """Folder of a service's revisions."""
    return rf"{root}\releases\{service}"


def runtime(root: str, name: str, version: str) -> str:
    """Folder of a runtime at one exact version."""
    return rf"{root}\runtimes\{name}\{version}"


def secret(root: str, service: str, name: str) -> str:
    """File of a secret."""
    return rf"{root}\secrets\{service}\{name}"


def cached(root: str, sha256: str) -> str:
    """File of an archive in the host's cache."""
    return rf"{root}\cache\{sha256}.zip"


def program(image_path: str) -> str:
    """The executable of a registered command line, quoted or not."""
    text = image_path.strip()
    if text.startswith('"'):
        return text[1:].split('"', 1)[0]
    match = _PROGRAM.match(text)
    return match.group(1) if match else text.split(" ", 1)[0]


def under(path: str, folder: str) -> bool:
    """Whether `path` lies in `folder` or is it; Windows doesn't tell upper case from lower."""
    inner, outer = (ntpath.normcase(ntpath.normpath(item)).rstrip("\\") for item in (path, folder))
    return inner == outer or inner.startswith(outer + "\\")


def revision_in(root: str, service: str, image_path: str) -> str | None:
    """Name of the revision that a command line names, or None when it names no folder of this service's revisions."""
    found = re.search(re.escape(releases(root, service)) + r"\\([^\\\"\s]+)", image_path, re.IGNORECASE)
    return found.group(1) if found else None
