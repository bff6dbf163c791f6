"""ansible-core with a home, settings and an inventory of its own, for one host."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.winrm.endpoint import PORTS, Endpoint

INVENTORY = "inventory.json"
_KEPT = ("PATH", "HOME")


def ansible_is_there() -> bool:
    """Whether ansible-core is installed beside this toolkit."""
    return importlib.util.find_spec("ansible") is not None


class AnsibleHome:
    """The folder `path`, made where it is not there; collections in it are found.

    The password stays in its file, which `password_file` names.
    """

    def __init__(self, endpoint: Endpoint, password_file: Path, path: Path) -> None:
        self.path = path
        path.mkdir(exist_ok=True)
        self._settings = path / "ansible.cfg"
        self._settings.touch()
        host = {
            "ansible_host": endpoint.address,
            "ansible_connection": "winrm",
            "ansible_port": endpoint.port or PORTS[endpoint.scheme],
            "ansible_winrm_scheme": endpoint.scheme,
            "ansible_winrm_transport": "ntlm",
            "ansible_winrm_message_encryption": "always",
            "ansible_shell_type": "powershell",
            "ansible_user": endpoint.user,
            "ansible_password": "{{ lookup('ansible.builtin.file', '" + str(password_file) + "') }}",
        }
        (path / INVENTORY).write_text(json.dumps({"all": {"hosts": {endpoint.name: host}}}), "utf-8")

    def run(self, command: str, words: Sequence[str], deadline_s: float) -> subprocess.CompletedProcess[bytes]:
        """`ansible <command> -i <inventory> …` in the folder; raises subprocess.TimeoutExpired past the deadline."""
        return subprocess.run(
            [sys.executable, "-m", "ansible", command, "-i", INVENTORY, *words],
            cwd=self.path,
            env={
                **{name: os.environ[name] for name in _KEPT if name in os.environ},
                "LC_ALL": "C.UTF-8",
                "ANSIBLE_HOME": str(self.path / "home"),
                "ANSIBLE_CONFIG": str(self._settings),
                "ANSIBLE_COLLECTIONS_PATH": str(self.path),
                "ANSIBLE_NOCOLOR": "1",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=deadline_s,
            check=False,
        )
