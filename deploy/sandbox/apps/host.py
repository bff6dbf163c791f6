"""Where a stand-in runs: its machine's folder and address, and the Windows paths it is given."""

import json
import os
from pathlib import Path
from typing import Any

from deploy.sandbox.machine.kernel import KernelError
from deploy.sandbox.machine.loader import ENV_ADDRESS, ENV_FOLDER, ENV_IMAGE, ENV_KIND
from deploy.sandbox.machine.paths import parent, to_local
from deploy.sandbox.machine.ports import own

DOTNET = r"C:\Program Files\dotnet"


class Host:
    """The machine as its process sees it, from the environment that the loader made."""

    def __init__(self) -> None:
        self.folder = Path(os.environ[ENV_FOLDER])
        self.address = os.environ[ENV_ADDRESS]
        self.image = os.environ[ENV_IMAGE]
        self.kind = os.environ[ENV_KIND]

    @property
    def program_folder(self) -> str:
        """The Windows folder of the program."""
        return parent(self.image)

    def local(self, path: str) -> Path:
        """A Windows path on this disk; a relative one lies beside the program."""
        absolute = path[1:2] == ":" or path.startswith("\\\\?\\")
        return to_local(self.folder, path if absolute else f"{self.program_folder}\\{path}")

    def bind(self, address: str) -> str:
        """The address to listen on: any address of a machine is its own one."""
        return own(address, self.address)

    def json(self, path: str) -> dict[str, Any]:
        """A JSON file; {} when there is none, ValueError when it holds anything but an object."""
        local = self.local(path)
        if not local.is_file():
            return {}
        value = json.loads(local.read_text("utf-8-sig"))
        if not isinstance(value, dict):
            raise ValueError(f"{path}: expected a JSON object")
        return value

    def require_dotnet(self) -> None:
        """What the .NET host does first: no runtime, no program."""
        root = os.environ.get("DOTNET_ROOT") or DOTNET
        try:
            found = self.local(f"{root}\\dotnet.exe").is_file()
        except KernelError:
            found = False
        if not found:
            raise SystemExit(f"You must install .NET to run this application: no dotnet.exe in {root}")
