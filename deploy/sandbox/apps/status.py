"""What a service process tells its SCM, on the pipe that it inherited."""

import os
import select
import threading

from deploy.sandbox.machine.loader import ENV_STATUS


class Status:
    """Reports go nowhere when the program was not started by an SCM."""

    def __init__(self) -> None:
        number = os.environ.pop(ENV_STATUS, None)
        self._pipe = None if number is None else int(number)

    def running(self) -> None:
        """The service has started."""
        self._say("running")

    def stop_pending(self) -> None:
        """It works on the stop control."""
        self._say("stop-pending")

    def stopped(self, exit_code: int) -> None:
        """It has stopped; the process is about to end."""
        self._say(f"stopped {exit_code}")

    def end_with_machine(self) -> None:
        """Ends this process when the daemon that holds the machine died: nothing outlives the sandbox."""
        if self._pipe is not None:
            threading.Thread(target=self._watch, args=(self._pipe,), daemon=True).start()

    def _say(self, line: str) -> None:
        if self._pipe is not None:
            os.write(self._pipe, line.encode("ascii") + b"\n")

    @staticmethod
    def _watch(pipe: int) -> None:
        poll = select.poll()
        poll.register(pipe, 0)
        poll.poll()
        os._exit(1)
