import io
import json

from deploy.cli.config import config_show
from deploy.cli.output import Output
from deploy.config.project import Project
from deploy.model.run import Exit
from tests.unit.config.conftest import Write

CANARY = "c4nary-show"


def _show(project: Project, as_json: bool) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    environ = {"DEPLOY_WINRM_PASSWORD": CANARY, "DEPLOY_PARALLEL": "3"}
    assert config_show(project, "dev", Output(as_json, out, err), environ) is Exit.OK
    return out.getvalue(), err.getvalue()


def test_promise_7_json_has_each_value_with_its_origin_and_masks_secrets(project: Project, write: Write) -> None:
    write(".deploy/secrets/dev/settings/store_token", CANARY)
    out, err = _show(project, as_json=True)
    document = json.loads(out)
    assert (document["schema"], document["env"]) == ("config.show/1", "dev")
    rows = {row["name"]: (row["value"], row["origin"]) for row in document["settings"]}
    assert rows["parallel"] == (3, "environment: DEPLOY_PARALLEL")
    assert rows["winrm_password"] == ("***", "environment: DEPLOY_WINRM_PASSWORD")
    assert rows["store_token"] == ("***", ".deploy/secrets/dev/settings/store_token")
    assert rows["max_failures"] == (0, "default")
    assert CANARY not in out + err


def test_promise_7_table_for_people_masks_secrets(project: Project) -> None:
    out, err = _show(project, as_json=False)
    line = next(line for line in out.splitlines() if line.startswith("winrm_password"))
    assert line.split() == ["winrm_password", "***", "environment:", "DEPLOY_WINRM_PASSWORD"]
    assert CANARY not in out + err
