"""Shawl: runs any program as a service, `shawl.exe run --name N [options] -- program arguments`."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from deploy.sandbox.apps.host import Host
from deploy.sandbox.apps.status import Status
from deploy.sandbox.machine.kernel import KernelError
from deploy.sandbox.machine.loader import ENV_IMAGE, ENV_KIND, KINDS, Program, resolve
from deploy.sandbox.machine.stopping import Stopping

ENV_WRAPPER, ENV_CWD = "SANDBOX_WRAPPER", "SANDBOX_CWD"
STOP_TIMEOUT_MS = 3000
SERVICE_SPECIFIC_ERROR = 1066
_FLAGS = frozenset(
    {"--no-restart", "--restart", "--kill-process-tree", "--no-log", "--no-log-cmd", "--pass-start-args"}
)


@dataclass(frozen=True, slots=True)
class Command:
    """What to run, and how."""

    program: str
    cwd: str | None
    stop_timeout_s: float
    environment: dict[str, str]


def parse(arguments: Sequence[str]) -> Command:
    """Reads a command line; SystemExit when it is not one of shawl's."""
    if not arguments or arguments[0] != "run" or "--" not in arguments:
        raise SystemExit("usage: shawl run --name NAME [options] -- PROGRAM [arguments]")
    cut = list(arguments).index("--")
    options, program = iter(arguments[1:cut]), arguments[cut + 1 :]
    values: dict[str, str] = {}
    environment: dict[str, str] = {}
    for option in options:
        if option in _FLAGS:
            continue
        value = next(options, "")
        if option == "--env":
            name, _, text = value.partition("=")
            environment[name] = text
        values[option] = value
    if "--name" not in values or not program:
        raise SystemExit("usage: shawl run --name NAME [options] -- PROGRAM [arguments]")
    line = " ".join(f'"{word}"' if " " in word or not word else word for word in program)
    stop_timeout_s = int(values.get("--stop-timeout", STOP_TIMEOUT_MS)) / 1000
    return Command(line, values.get("--cwd"), stop_timeout_s, environment)


class Wrapper:
    """One run of a program as a service."""

    def __init__(self, host: Host, command: Command) -> None:
        self._host, self._command = host, command
        self._status = Status()
        self._stopping = Stopping(signal.SIGTERM)

    def run(self) -> int:
        """Lives as long as the program; gives the exit code that it reported."""
        self._status.end_with_machine()
        try:
            child = self._spawn(resolve(self._host.folder, self._command.program))
        except KernelError as exc:
            print(f"shawl: unable to launch: {exc}", file=sys.stderr)  # noqa: T201
            self._status.stopped(SERVICE_SPECIFIC_ERROR)
            return 1
        self._status.running()
        ended = threading.Event()
        threading.Thread(target=self._wait, args=(child, ended), daemon=True).start()
        self._stopping.wait()
        code = 0 if self._stop(child, ended) else SERVICE_SPECIFIC_ERROR
        self._status.stopped(code)
        return code

    def _wait(self, child: "subprocess.Popen[bytes]", ended: threading.Event) -> None:
        child.wait()
        ended.set()
        self._stopping.ask()

    def _stop(self, child: "subprocess.Popen[bytes]", ended: threading.Event) -> bool:
        """Whether the end is a good one: asked for, or with exit code 0."""
        if ended.is_set():
            return child.returncode == 0
        self._status.stop_pending()
        child.send_signal(signal.SIGTERM)
        if not ended.wait(self._command.stop_timeout_s):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)
            ended.wait()
        return True

    def _spawn(self, program: Program) -> "subprocess.Popen[bytes]":
        variables = {
            **os.environ,
            **self._command.environment,
            ENV_WRAPPER: self._host.image,
            ENV_IMAGE: program.image,
            ENV_KIND: program.kind,
        }
        if self._command.cwd is not None:
            variables[ENV_CWD] = self._command.cwd
        # Its standard input is a pipe of ours: it ends when we die, and the program with it.
        argv = [sys.executable, "-S", "-E", "-m", KINDS[program.kind], *program.arguments]
        return subprocess.Popen(argv, env=variables, stdin=subprocess.PIPE)


if __name__ == "__main__":
    sys.exit(Wrapper(Host(), parse(sys.argv[1:])).run())
