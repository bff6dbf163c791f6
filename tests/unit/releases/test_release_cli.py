import io
import json
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.output import Output
from deploy.cli.release import environment_store, release_build, release_list, release_promote, release_runtime
from deploy.config.project import Project
from deploy.model.problem import Refused, UsageError
from deploy.model.run import Exit
from deploy.releases.archive import pack

from .conftest import Tree


class Said:
    """An Output and what was said to it."""

    def __init__(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.output = Output(True, self.out, self.err)

    def document(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.out.getvalue())
        return value


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tree: Tree) -> Project:
    monkeypatch.delenv("DEPLOY_STORE", raising=False)
    (tmp_path / "inventories").mkdir()
    for name in ("dev", "staging", "prod"):
        (tmp_path / "inventories" / f"{name}.py").write_text('trade = ["@tswinrm/one"]\n')
    return Project(tmp_path)


def build(project: Project, version: str = "1.4.1") -> None:
    assert release_build(project, version, "src", None, "c0ffee", Said().output) is Exit.OK


def test_build_says_what_it_did(project: Project, said: Said) -> None:
    assert release_build(project, "1.4.1", "src", None, "c0ffee", said.output) is Exit.OK
    document = said.document()
    assert (document["schema"], document["release"], document["new"]) == ("release.build/1", "1.4.1", True)
    assert [(item["name"], item["version"], item["how"]) for item in document["artifacts"]] == [
        ("order-manager", "1.4.1", "built")
    ]
    assert "Release 1.4.1 built" in said.err.getvalue()
    assert (project.state / "store" / "releases" / "1.4.1.json").is_file()


def test_list_tells_where_each_release_is(project: Project, said: Said) -> None:
    build(project)
    build(project, "1.4.2")
    store = environment_store(project, "dev")
    store.attest("staging", "1.4.1", "run-1", "2026-01-01T00:00:00Z")
    assert release_promote(project, "1.4.1", "prod", Said().output) is Exit.OK
    assert release_list(project, said.output) is Exit.OK
    rows = {row["name"]: row for row in said.document()["releases"]}
    assert (rows["1.4.1"]["promoted"], rows["1.4.1"]["attested"]) == (["prod"], ["staging"])
    assert (rows["1.4.2"]["promoted"], rows["1.4.2"]["attested"]) == ([], [])
    assert [sorted(item) for item in rows["1.4.2"]["artifacts"]] == [["name", "sha256", "version"]]


def test_empty_list_says_how_to_begin(project: Project, said: Said) -> None:
    assert release_list(project, said.output) is Exit.OK
    assert said.document()["releases"] == []
    assert "invoke release.build" in said.err.getvalue()


def test_promotion_to_prod_needs_staging(project: Project) -> None:
    build(project)
    with pytest.raises(Refused, match="was not seen good in staging"):
        release_promote(project, "1.4.1", "prod", Said().output)
    assert environment_store(project, "prod").promoted("prod") is None


def test_promoting_again_changes_nothing(project: Project, said: Said) -> None:
    build(project)
    release_promote(project, "1.4.1", "staging", Said().output)
    release_promote(project, "1.4.1", "staging", said.output)
    assert said.document() == {
        "schema": "release.promote/1", "env": "staging", "release": "1.4.1", "previous": "1.4.1", "changed": False,
    }  # fmt: skip
    assert len(environment_store(project, "staging").promotions("staging")) == 1


@pytest.mark.parametrize(("version", "source"), [(None, "src"), ("1.4.1", None), ("", "src")])
def test_missing_options_are_named(project: Project, version: str | None, source: str | None, said: Said) -> None:
    with pytest.raises(UsageError, match=r"--(version|source): is missing"):
        release_build(project, version, source, None, None, said.output)


@pytest.mark.parametrize(("release", "environment"), [(None, "staging"), ("1.4.1", None)])
def test_promote_names_missing_options(
    project: Project, release: str | None, environment: str | None, said: Said
) -> None:
    build(project)
    with pytest.raises(UsageError, match=r"--(release|env): is missing"):
        release_promote(project, release, environment, said.output)


def test_unknown_environment_is_refused(project: Project, said: Said) -> None:
    build(project)
    with pytest.raises(UsageError, match="no environment 'stagin'"):
        release_promote(project, "1.4.1", "stagin", said.output)


CATALOGUE = """
format = 1
[[runtime]]
name = "dotnet"
version = "8.0.30"
eol = 2026-11-10
archive = "dotnet.zip"
sha256 = "{sha256}"
[service.order-manager]
name = "TS-OrderManager"
artifact = "order-manager"
group = "trade"
port = 5055
"""


def test_runtime_is_added_under_the_catalogues_name(project: Project, said: Said) -> None:
    packed = pack({"dotnet.exe": b"MZ"}, project.root / "dotnet.zip")
    project.catalogue.write_text(CATALOGUE.format(sha256=packed.sha256))
    assert release_runtime(project, "dotnet.zip", said.output) is Exit.OK
    assert (said.document()["version"], said.document()["sha256"]) == ("8.0.30", packed.sha256)
    assert environment_store(project, "dev").runtime("dotnet", "8.0.30") is not None


@pytest.mark.parametrize(
    ("archive", "kind", "message"),
    [
        (None, UsageError, "--archive: is missing"),
        ("gone.zip", UsageError, "is the archive of no runtime"),
        ("sub/dotnet.zip", UsageError, "is no file"),
        ("dotnet.zip", Refused, "has another SHA-256"),
    ],
)
def test_wrong_runtime_is_refused(
    project: Project, archive: str | None, kind: type[Exception], message: str, said: Said
) -> None:
    pack({"dotnet.exe": b"MZ"}, project.root / "dotnet.zip")
    project.catalogue.write_text(CATALOGUE.format(sha256="0" * 64))
    with pytest.raises(kind, match=message):
        release_runtime(project, archive, said.output)
