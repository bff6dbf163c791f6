"""Sample sources: the same bytes each time, other bytes for another version."""

import hashlib
import tomllib
from pathlib import Path

import pytest

from deploy.sandbox.apps.samples import FAULTS, SAMPLES, write_sample_runtimes, write_sample_source


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_sources_are_reproducible_and_versions_differ(tmp_path: Path) -> None:
    for name, version in (("a", "1.0.0"), ("b", "1.0.0"), ("c", "1.1.0")):
        write_sample_source(tmp_path / name, version)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    for artifact, sample in SAMPLES.items():
        entry = f"{artifact}/{sample.entry}"
        assert digests(tmp_path / "a")[entry] != digests(tmp_path / "c")[entry]
        described = tomllib.loads((tmp_path / "a" / artifact / "artifact.toml").read_text())
        assert described["entry"] == sample.entry


def test_faults_are_in_the_artifact(tmp_path: Path) -> None:
    write_sample_source(
        tmp_path, "1.2.0", fault="unhealthy", broken=["order-manager"], state_schema=2, reversible=False
    )
    assert [path.parent.name for path in tmp_path.rglob("faults.json")] == ["order-manager"]
    described = tomllib.loads((tmp_path / "order-manager" / "artifact.toml").read_text())
    assert described["state_schema"] == {"writes": 2, "reads": [0, 1, 2]}
    assert described["reversible"] is False


@pytest.mark.parametrize(("fault", "artifact"), [("no such", "data-capture"), (None, "no-such")])
def test_unknown_faults_and_artifacts(tmp_path: Path, fault: str | None, artifact: str) -> None:
    assert "no such" not in FAULTS
    with pytest.raises(KeyError):
        write_sample_source(tmp_path, "1.0.0", fault=fault, for_artifacts=[artifact])


def test_runtimes_are_reproducible(tmp_path: Path) -> None:
    write_sample_runtimes(tmp_path / "a")
    write_sample_runtimes(tmp_path / "b")
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert len(digests(tmp_path / "a")) == 3
