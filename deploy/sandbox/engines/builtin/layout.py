"""Where the host half keeps its things, and the names that belong to a root folder."""

import hashlib
from dataclasses import dataclass

from deploy.wire.bootstrap import TASK_FOLDER, TASK_NAME

TASK_PATH = TASK_FOLDER + TASK_NAME

SYSTEM_SID = "S-1-5-18"
ADMINISTRATORS_SID = "S-1-5-32-544"
PRIVATE_ACL = {
    "inherit": False,
    "grants": [{"sid": SYSTEM_SID, "rights": "full"}, {"sid": ADMINISTRATORS_SID, "rights": "full"}],
}
"""Of everything that only SYSTEM and administrators may see or change."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Windows paths under one root folder."""

    root: str

    @property
    def agent(self) -> str:
        """Folder of the modules and of executor.ps1."""
        return rf"{self.root}\infrastructure\agent"

    @property
    def state(self) -> str:
        """Folder of everything that must outlive a process."""
        return rf"{self.root}\state"

    @property
    def transactions(self) -> str:
        """Folder of the journals."""
        return rf"{self.state}\transactions"

    @property
    def incoming(self) -> str:
        """Folder of the data streams of requests that are being carried out."""
        return rf"{self.state}\incoming"

    @property
    def adopted(self) -> str:
        """Folder of the records of adopted services."""
        return rf"{self.state}\adopted"

    @property
    def worker_mutex(self) -> str:
        """Name of the mutex that is the run lock."""
        return rf"Global\TradingSystem-Worker-{self._digest}"

    @property
    def executor_mutex(self) -> str:
        """Name of the mutex that says that an executor is alive."""
        return rf"Global\TradingSystem-Executor-{self._digest}"

    @property
    def _digest(self) -> str:
        return hashlib.sha256(self.root.lower().encode()).hexdigest()[:8]
