import pytest

from deploy.config.catalogue import load_catalogue
from deploy.config.loading import load_settings
from deploy.config.project import Project
from deploy.config.secrets import load_secrets
from deploy.model.problem import UsageError
from deploy.model.secret import Secret
from tests.unit.config.conftest import Write

PATH = ".deploy/secrets/dev/TradingSystem-OrderManager/broker-password"
KEY = ("TradingSystem-OrderManager", "broker-password")


def test_read_without_the_line_end(project: Project, write: Write) -> None:
    write(PATH, " pass word\r\n")
    settings = load_settings(project, "dev", {}, {}).settings
    catalogue = load_catalogue(project)
    assert load_secrets(settings, catalogue, ("order-manager", "data-capture")) == {KEY: Secret(" pass word")}
    assert load_secrets(settings, catalogue, ("data-capture",)) == {}


@pytest.mark.parametrize(("content", "what"), [(None, "no such file"), (b"", "empty"), (b"\xff\xfe", "not UTF-8")])
def test_missing_secret_is_told_with_its_path(project: Project, content: bytes | None, what: str) -> None:
    path = project.root / PATH
    path.parent.mkdir(parents=True)
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=what) as told:
        load_secrets(load_settings(project, "dev", {}, {}).settings, load_catalogue(project), ("order-manager",))
    assert [(problem.code, problem.where) for problem in told.value.problems] == [("missing-secret", str(path))]
