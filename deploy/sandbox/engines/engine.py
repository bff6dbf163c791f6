"""The port of an engine: PowerShell as a process on a simulated machine."""

import subprocess
from pathlib import Path
from typing import Protocol


class Engine(Protocol):
    """Starts `powershell.exe` command lines; everything else is the command processor's."""

    name: str

    def launch(
        self, host_folder: Path, command_line: str, environment: dict[str, str], streams: bool
    ) -> subprocess.Popen[bytes]:
        """Starts a real process, in a session of its own; `streams`: stdin, stdout and stderr are pipes, else none.

        Raises LookupError for a command line that this engine does not serve.
        """
