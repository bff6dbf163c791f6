from pathlib import Path

import pytest

from deploy.config.project import Project
from deploy.model.problem import UsageError


def test_found_from_a_folder_inside_and_by_its_variable(project: Project, tmp_path: Path) -> None:
    assert Project.find({}, project.root / "inventories" / "group_data") == project
    assert Project.find({"DEPLOY_PROJECT": str(project.root)}, Path("/")) == project


@pytest.mark.parametrize("environ", [{}, {"DEPLOY_PROJECT": "/nowhere/at/all"}])
def test_no_project_is_told(environ: dict[str, str]) -> None:
    with pytest.raises(UsageError) as told:
        Project.find(environ, Path("/"))
    assert told.value.problems[0].code == "no-project"
    assert "export DEPLOY_PROJECT" in told.value.problems[0].next


def test_environments_are_inventory_files(project: Project) -> None:
    (project.inventories / "_shared.py").write_text("")
    assert project.environments() == ("dev", "prod", "staging")


@pytest.mark.parametrize(
    ("name", "advice"), [("stagin", "did you mean 'staging'?"), ("", "choose one of: dev, prod, staging"), ("../x", "")]
)
def test_unknown_environment_is_told_with_the_nearest(project: Project, name: str, advice: str) -> None:
    with pytest.raises(UsageError) as told:
        project.inventory(name)
    assert told.value.problems[0].code == "unknown-environment"
    assert advice in told.value.problems[0].next
