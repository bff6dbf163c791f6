"""One ad-hoc task of Ansible against a host, in a home of its own.

`ansible-core` carries `raw`. Modules of Windows are in the collection `ansible.windows`, which PyPI has only inside
the package `ansible`: DEPLOY_TEST_ANSIBLE names a folder that holds its wheel (`pip download --no-deps ansible`).
"""

import json
import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.bench.ansible_home import AnsibleHome, ansible_is_there
from deploy.model.secret import Secret
from deploy.sandbox.wsman.server import HTTP_PORT
from deploy.winrm.endpoint import Endpoint
from tests.clients.conftest import NAME, Site

ENV_COLLECTIONS = "DEPLOY_TEST_ANSIBLE"
COLLECTION = "ansible_collections/ansible/windows/"
_RESULT = re.compile(
    rf"^{NAME} \| (?P<verdict>\w+)!?(?: \| rc=(?P<code>\d+) >>)?(?: =>)? ?(?P<rest>.*)", re.DOTALL | re.MULTILINE
)
DEADLINE_S = 60.0


@dataclass(frozen=True)
class Outcome:
    """`CHANGED`, `SUCCESS` or `FAILED`; of a raw task exit code and output, of a module its result."""

    verdict: str
    code: int | None
    said: str

    @property
    def result(self) -> dict[str, Any]:
        """What a module returned."""
        value = json.loads(self.said)
        assert isinstance(value, dict)
        return value


class Ansible:
    """Runs tasks; skips the test where ansible-core is not installed."""

    def __init__(self, site: Site, path: Path) -> None:
        if not ansible_is_there():
            pytest.skip("ansible-core is not installed")
        user, password = site.auth
        endpoint = Endpoint(NAME, site.address, "http", HTTP_PORT, user=user, password=Secret(password))
        self._home = AnsibleHome(endpoint, site.folder.password, path)

    def add_collection(self) -> None:
        """Unpacks `ansible.windows`; skips the test where its wheel is not at hand."""
        folder = Path(os.environ.get(ENV_COLLECTIONS) or "/nowhere")
        wheels = sorted(folder.glob("ansible-*-py3-none-any.whl"))
        if not wheels:
            pytest.skip(f"{ENV_COLLECTIONS} names no folder with a wheel of ansible")
        with zipfile.ZipFile(wheels[-1]) as wheel:
            wheel.extractall(self._home.path, [name for name in wheel.namelist() if name.startswith(COLLECTION)])

    def run(self, module: str, arguments: str = "") -> Outcome:
        """One task, as `ansible` prints it."""
        words = [NAME, "-m", module, *(["-a", arguments] if arguments else [])]
        done = self._home.run("adhoc", words, DEADLINE_S)
        found = _RESULT.search(done.stdout.decode())
        assert found, done.stdout.decode() + done.stderr.decode()
        code = found["code"]
        return Outcome(found["verdict"], int(code) if code else None, found["rest"].strip())
