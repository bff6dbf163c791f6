"""A desired state as a playbook of `raw` tasks, run by ansible-core in a home of its own."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deploy.bench.ansible_home import AnsibleHome
from deploy.bench.not_measured import NotMeasured
from deploy.winrm.endpoint import Endpoint

DEADLINE_S = 600.0
_PLAYBOOK = "playbook.json"


class AnsiblePlaybook:
    """One task for each script, written into `home`. The password stays in its file, which `password_file` names."""

    def __init__(self, endpoint: Endpoint, password_file: Path, scripts: Sequence[str], home: Path) -> None:
        self._home = AnsibleHome(endpoint, password_file, home)
        tasks: list[dict[str, Any]] = [
            {"name": f"{at}", "ansible.builtin.raw": text} for at, text in enumerate(scripts)
        ]
        plays = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
        (home / _PLAYBOOK).write_text(json.dumps(plays), "utf-8")

    def run(self) -> None:
        """From its start to its end; raises NotMeasured with what it said when it failed."""
        done = self._home.run("playbook", [_PLAYBOOK], DEADLINE_S)
        if done.returncode:
            said = (done.stdout + done.stderr).decode("utf-8", "replace")
            raise NotMeasured(f"ansible playbook: exit code {done.returncode}\n{said[-2000:]}")
