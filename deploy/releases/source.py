"""An artifact's source folder: its artifact.toml, its version, its files."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deploy.model.catalogue import Slug, Version
from deploy.model.problem import Problem, Refused, UsageError
from deploy.releases.archive import folder_files

DESCRIPTION = "artifact.toml"
VERSION_FILE = "version.txt"
VERSION = re.compile(r"\d{1,6}(\.\d{1,6}){1,3}(-[0-9A-Za-z]+([.-][0-9A-Za-z]+)*)?")
MAX_VERSION = 32
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")


class _Schema(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    writes: int = Field(default=0, ge=0)
    reads: list[int] = [0]


class Description(BaseModel):
    """artifact.toml. `entry` is the program that the service starts, `runtime_version` the least that it needs."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    entry: str = Field(min_length=1)
    runtime: Slug | None = None
    runtime_version: Version | None = None
    state_schema: _Schema = _Schema()
    reversible: bool = True


@dataclass(frozen=True, slots=True)
class Source:
    """What is to be packed. `files` are local files, or bytes that the build adds."""

    name: str
    version: str
    description: Description
    files: dict[str, Path | bytes] = field(repr=False)


def read_sources(folder: Path, version: str) -> tuple[Source, ...]:
    """The artifacts below `folder`, one a sub-folder, sorted; raises UsageError or Refused."""
    if not folder.is_dir():
        raise UsageError(
            Problem("no-source", str(folder), "is no folder", "one sub-folder per artifact", "check --source")
        )
    found = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    stray = [path for path in found if path.is_symlink() or not path.is_dir() or not _NAME.fullmatch(path.name)]
    if stray:
        raise Refused(
            *(
                Problem(
                    "bad-source",
                    str(path),
                    "is no artifact's folder",
                    "folders named like the catalogue's artifacts: lower case, digits, hyphens",
                    "move it elsewhere",
                )
                for path in stray
            )
        )
    return tuple(_read_source(path, version) for path in found)


def check_version(version: str, where: str) -> str:
    """The version, if it can name a release and a folder; raises UsageError otherwise."""
    if len(version) > MAX_VERSION or not VERSION.fullmatch(version):
        raise UsageError(
            Problem("bad-version", where, f"{version!r} is no version", "such as 1.4.2 or 1.5.0-rc.1", "choose another")
        )
    return version


def _read_source(folder: Path, release: str) -> Source:
    description = _description(folder / DESCRIPTION)
    files: dict[str, Path | bytes] = dict(folder_files(folder, without=frozenset({DESCRIPTION})))
    stated = files.get(VERSION_FILE)
    version = release
    if isinstance(stated, Path):
        version = check_version(stated.read_text("utf-8", "replace").strip(), str(stated))
    else:
        # The program reports its version from this file; the health gate compares it.
        files[VERSION_FILE] = f"{version}\n".encode()
    if description.entry not in files:
        raise Refused(
            Problem(
                "missing-file",
                f"{folder / DESCRIPTION}: entry",
                f"{description.entry!r} is not in the folder",
                "a file of the artifact, with forward slashes",
                "publish the program into the folder, then build again",
            )
        )
    return Source(folder.name, version, description, files)


def _description(path: Path) -> Description:
    try:
        return Description.model_validate(tomllib.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        raise Refused(
            Problem(
                "missing-file",
                str(path),
                "is missing",
                'a file with at least `entry = "Program.exe"`',
                "write it, see docs/releases.md",
            )
        ) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise UsageError(Problem("bad-artifact", str(path), f"is not TOML: {exc}", "TOML", "mend the file")) from exc
    except ValidationError as exc:
        raise UsageError(
            *(
                Problem(
                    "bad-artifact",
                    f"{path}: {'.'.join(map(str, error['loc']))}",
                    error["msg"],
                    ", ".join(Description.model_fields),
                    "mend the file, see docs/releases.md",
                )
                for error in exc.errors(include_input=False, include_url=False)
            )
        ) from exc
