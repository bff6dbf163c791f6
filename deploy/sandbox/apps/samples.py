"""Sample releases and runtimes: source folders for `invoke release.build --source`, and zips for the store.

A fault of a broken release lies in its artifacts (`faults.json` beside the program), not in the configuration.
"""

import random
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FAULTS: dict[str, str] = {
    "unhealthy": '{"unhealthy": true}\n',
    "crash-loop": '{"crashAfterSeconds": 0.3}\n',
    "crash-on-start": '{"crashOnStart": true}\n',
    "hang-on-start": '{"hangOnStart": true}\n',
    "hang-on-stop": '{"hangOnStop": true}\n',
    "slow-start": '{"startDelaySeconds": 3}\n',
    "slow-stop": '{"stopDelaySeconds": 3}\n',
    "errors": '{"errorRate": 0.5}\n',
    "latency": '{"latencySeconds": 1.5}\n',
    "wrong-version": '{"wrongVersion": true}\n',
}
"""Fault → content of `faults.json`."""

_PAYLOAD_FILES, _PAYLOAD_BYTES = 4, 12_000
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Sample:
    """What an artifact of the trading system looks like."""

    entry: str
    kind: str
    runtime: str
    runtime_version: str
    state_schema: str = ""


SAMPLES: dict[str, Sample] = {
    "data-capture": Sample("DataCapture.exe", "service", "dotnet", "8.0.30"),
    "order-manager": Sample(
        "OrderManager.exe", "service", "dotnet", "8.0.30", "[state_schema]\nwrites = {schema}\nreads = [{reads}]\n"
    ),
    "market-data": Sample("MarketData.exe", "service", "dotnet", "8.0.30"),
    "api-gateway": Sample("shawl.exe", "shawl", "python", "3.11.9"),
}

RUNTIMES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "dotnet-8.0.30-win-x64.zip": (
        "dotnet.exe",
        "dotnet 8.0.30",
        (
            "shared/Microsoft.NETCore.App/8.0.30/System.Runtime.dll",
            "shared/Microsoft.AspNetCore.App/8.0.30/Kestrel.dll",
        ),
    ),
    "python-3.11.9-win-x64.zip": ("python.exe", "python 3.11.9", ("python311.dll", "Lib/os.py")),
    "node-18.20.8-win-x64.zip": ("node.exe", "node 18.20.8", ("node_modules/npm/package.json",)),
}
"""Zip → its program, the program's kind and version, what lies beside it."""


def write_sample_source(
    folder: Path,
    version: str,
    *,
    fault: str | None = None,
    for_artifacts: Sequence[str] = tuple(SAMPLES),
    broken: Sequence[str] | None = None,
    state_schema: int = 0,
    reversible: bool = True,
) -> None:
    """Writes a folder per artifact: program, version.txt, payload, artifact.toml; the same bytes each time.

    `fault` is a key of FAULTS and spoils the artifacts `broken` (default: all that are written). `state_schema` is
    what the Order Manager writes (0: it keeps no state); it reads that one and those before it. Raises KeyError for
    an unknown fault or artifact.
    """
    spoiled = set(for_artifacts if broken is None else broken)
    for name in for_artifacts:
        sample, place = SAMPLES[name], folder / name
        place.mkdir(parents=True, exist_ok=True)
        _write(place / sample.entry, f"SANDBOX-EXE {sample.kind} {name} {version}\n")
        _write(place / "version.txt", f"{version}\n")
        _write(place / "artifact.toml", _description(sample, state_schema, reversible=reversible))
        if fault is not None and name in spoiled:
            _write(place / "faults.json", FAULTS[fault])
        if sample.kind == "shawl":
            for module in ("app", "gateway"):
                _write(place / module / "__init__.py", f'VERSION = "{version}"\n')
        _write_payload(place / "lib", name, version)


def write_sample_runtimes(folder: Path) -> None:
    """Writes the runtimes' zips; the same bytes each time."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, (program, words, beside) in RUNTIMES.items():
        with zipfile.ZipFile(folder / file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in (
                (program, f"SANDBOX-EXE {words}\n"),
                *((each, f"{each} {words}\n") for each in beside),
            ):
                archive.writestr(zipfile.ZipInfo(name, _ZIP_TIME), content)


def _description(sample: Sample, schema: int, *, reversible: bool) -> str:
    lines = f'entry = "{sample.entry}"\nruntime = "{sample.runtime}"\nruntime_version = "{sample.runtime_version}"\n'
    lines += f"reversible = {str(reversible).lower()}\n"
    reads = ", ".join(str(each) for each in range(schema + 1))
    return lines + (sample.state_schema.format(schema=schema, reads=reads) if schema else "")


def _write_payload(folder: Path, name: str, version: str) -> None:
    """Libraries: half of them the same in every version, as in real life."""
    for number in range(_PAYLOAD_FILES):
        seed = f"{name} {number}" + (f" {version}" if number % 2 else "")
        data = random.Random(seed).randbytes(_PAYLOAD_BYTES)  # noqa: S311  # bytes to hash, no secret
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"Library{number}.dll").write_bytes(data)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
