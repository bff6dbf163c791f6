"""The process of one service and what it reports on its status pipe: `running`, `stop-pending`, `stopped <code>`."""

import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from deploy.sandbox.machine.processes import kill_all


@dataclass(frozen=True, slots=True)
class Listener:
    """Called from the process's own thread."""

    reported: Callable[["ServiceProcess", str], None]
    ended: Callable[["ServiceProcess"], None]


class ServiceProcess:
    """Started by the SCM, followed until its end by a thread of its own."""

    def __init__(
        self, spawn: Callable[[int], subprocess.Popen[bytes]], start_timeout_s: float, listener: Listener
    ) -> None:
        self._read, write = os.pipe()
        try:
            self._popen = spawn(write)
        except BaseException:
            os.close(self._read)
            raise
        finally:
            os.close(write)
        self.pid = self._popen.pid
        self.reached_running = False
        self.timed_out = False
        self.stopped_code: int | None = None
        """Exit code of its STOPPED report; None until it reported that."""
        self._deadline_s = time.monotonic() + start_timeout_s
        self._listener = listener

    def follow(self) -> None:
        """Begins to call the listener."""
        threading.Thread(target=self._follow, name=f"service-{self.pid}", daemon=True).start()

    def send_stop(self) -> None:
        """The stop control."""
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends the process at once."""
        if self._popen.poll() is None:
            self._popen.kill()

    def _follow(self) -> None:
        pending = b""
        poll = select.poll()
        poll.register(self._read, select.POLLIN)
        while True:
            if not poll.poll(self._patience_ms()):
                self.timed_out = True
                kill_all(lambda: [self.pid])
                continue
            data = os.read(self._read, 4096)
            if not data:
                break
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                self._take(line.decode("ascii", "replace"))
        os.close(self._read)
        self._popen.wait()
        self._listener.ended(self)

    def _patience_ms(self) -> float | None:
        if self.reached_running or self.timed_out:
            return None
        return max(0.0, self._deadline_s - time.monotonic()) * 1000

    def _take(self, line: str) -> None:
        word, _, code = line.partition(" ")
        if word == "running":
            self.reached_running = True
        elif word == "stopped":
            self.stopped_code = int(code or 0)
        self._listener.reported(self, word)
