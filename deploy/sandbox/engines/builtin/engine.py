"""Starts the built-in host half where Windows would start powershell.exe."""

import os
import subprocess
import sys
from pathlib import Path

import deploy
from deploy.sandbox.engines.builtin.command_line import split_command_line
from deploy.sandbox.engines.engine import Engine
from deploy.wire.bootstrap import COMMAND, ENV_AGENT, ENV_BOOT, ENV_ROOT

PACKAGE = "deploy.sandbox.engines.builtin"
_IMPORTS_FROM = Path(deploy.__path__[0]).parent
_BOOT = split_command_line(COMMAND)
_EXECUTOR = split_command_line("powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File")
_SCRIPT = r"\infrastructure\agent\executor.ps1"


def recognise(command_line: str, environment: dict[str, str]) -> list[str]:
    """The module to run and its arguments; raises LookupError, with the reason, for any other command line."""
    words = split_command_line(command_line)
    if words == _BOOT:
        if ENV_BOOT not in {name.upper() for name in environment}:
            raise LookupError(f"the built-in engine starts a worker only with {ENV_BOOT} in the shell's environment")
        return ["worker"]
    size = len(_EXECUTOR)
    if [word.lower() for word in words[:size]] == [word.lower() for word in _EXECUTOR] and len(words) > size:
        script = words[size]
        if script.lower().endswith(_SCRIPT):
            return ["executor", script[: -len(_SCRIPT)], *words[size + 1 :]]
        raise LookupError(f"the built-in engine has no interpreter for {script!r}; it runs only the settling task's")
    raise LookupError("the built-in engine is no PowerShell: it serves the worker's and the settling task's commands")


class BuiltinEngine:
    """An Engine whose processes are Python's, without site-packages so that they start fast."""

    name = "builtin"

    def launch(
        self, host_folder: Path, command_line: str, environment: dict[str, str], streams: bool
    ) -> subprocess.Popen[bytes]:
        """Starts worker or executor as the leader of a session of its own, so that it can be ended as a group."""
        module, *arguments = recognise(command_line, environment)
        pipe = subprocess.PIPE if streams else subprocess.DEVNULL
        return subprocess.Popen(
            [sys.executable, "-S", "-E", "-m", f"{PACKAGE}.{module}", str(host_folder.resolve()), *arguments],
            cwd=_IMPORTS_FROM,
            env=_process_environment(environment),
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            start_new_session=True,
            bufsize=0,
        )


def _process_environment(environment: dict[str, str]) -> dict[str, str]:
    """What Python needs to start, and the three variables of the worker; nothing else of the shell's reaches it."""
    ours = {name.upper(): value for name, value in environment.items()}
    kept = {name: ours[name] for name in (ENV_AGENT, ENV_ROOT) if name in ours}
    base = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    return {**base, "PYTHONUTF8": "1", **kept}


_: Engine = BuiltinEngine()
