"""The playbook of raw tasks: a real run of Ansible, which finds nobody."""

import json
from pathlib import Path

import pytest

from deploy.bench.ansible import AnsiblePlaybook
from deploy.bench.ansible_home import ansible_is_there
from deploy.bench.not_measured import NotMeasured
from deploy.model.secret import Secret
from deploy.winrm.endpoint import Endpoint

NOBODY = Endpoint("web01", "127.0.62.99", "http", user="deploy", password=Secret("correct horse"))


def test_a_task_a_script_and_no_password(tmp_path: Path) -> None:
    password_file = tmp_path / "password"
    AnsiblePlaybook(NOBODY, password_file, ["1 + 1", "'a' -ne \"b\""], tmp_path / "home")
    (play,) = json.loads((tmp_path / "home" / "playbook.json").read_text("utf-8"))
    assert [task["ansible.builtin.raw"] for task in play["tasks"]] == ["1 + 1", "'a' -ne \"b\""]
    written = (tmp_path / "home" / "inventory.json").read_text("utf-8")
    assert "correct horse" not in written
    assert str(password_file) in written


def test_a_run_that_fails_is_not_measured(tmp_path: Path) -> None:
    if not ansible_is_there():
        pytest.skip("ansible-core is not installed")
    (tmp_path / "password").write_text("correct horse\n")
    playbook = AnsiblePlaybook(NOBODY, tmp_path / "password", ["1"], tmp_path / "home")
    with pytest.raises(NotMeasured, match="UNREACHABLE") as failed:
        playbook.run()
    assert "correct horse" not in str(failed.value)
