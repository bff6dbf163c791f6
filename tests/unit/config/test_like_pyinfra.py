"""The same files give the same hosts, groups and data as pyinfra's own reader, which needs a process of its own."""

import json
import os
import subprocess
import sys

import pytest

from deploy.config.inventory import load_inventory
from deploy.config.project import Project
from tests.unit.config.conftest import Write

_PYINFRA = """
import json, sys
from pyinfra_cli.inventory import make_inventory_from_files
from pyinfra.api import State
from pyinfra.context import ctx_state
with ctx_state.use(State()):
    inventory = make_inventory_from_files(sys.argv[1])
shown = lambda value: value.unmask() if hasattr(value, "unmask") else value
print(json.dumps({
    "hosts": [[h.name, list(h.groups), {k: shown(v) for k, v in h.data.dict().items()}] for h in inventory],
    "groups": {name: [h.name for h in hosts] for name, hosts in inventory.groups.items() if hosts},
}))
"""

_ODD = """
import os
from deploy.config.hidden import Hidden

_unused = ["never", "a", "host"]
shared = ([("@tswinrm/b", {"own": "shared", "one": 1}), "@tswinrm/a"], {"level": "shared", "inline": True})
alone = [("@tswinrm/a", {"own": "alone"}), ("@tswinrm/c", {"secret": Hidden("hush")})]
"""
_ALL = """
all = (["@tswinrm/c", ("@tswinrm/a", {"own": "all"}), "@tswinrm/b"], {"level": "inline", "depth": 1})
some = ["@tswinrm/b"]
"""


def _pyinfra(project: Project, environment: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", _PYINFRA, str(project.inventory(environment))],
        capture_output=True,
        text=True,
        check=False,
        cwd=project.root,
        env={**os.environ, "DEPLOY_PROJECT": str(project.root)},
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def _ours(project: Project, environment: str) -> dict[str, object]:
    inventory = load_inventory(project, environment)
    return {
        "hosts": [
            [
                host.name,
                list(host.groups),
                {key: value.unmask() if hasattr(value, "unmask") else value for key, value in host.data.items()},
            ]
            for host in inventory.hosts
        ],
        "groups": {name: list(hosts) for name, hosts in inventory.groups.items()},
    }


@pytest.mark.parametrize("environment", ["dev", "prod", "odd", "everyone"])
def test_same_as_pyinfra(project: Project, write: Write, environment: str) -> None:
    write(".deploy/sandbox/dev/user", "deployer\n")
    write(".deploy/sandbox/dev/password", "s3cret\n")
    write("inventories/odd.py", _ODD)
    write("inventories/everyone.py", _ALL)
    write("inventories/group_data/shared.py", "from os import path\nlevel = 'file'\n_timeout = 5\n")
    write("inventories/group_data/odd.py", "__all__ = ['level']\nlevel = 'odd'\nleft_out = 1\n")
    theirs, ours = _pyinfra(project, environment), _ours(project, environment)
    assert ours == theirs
