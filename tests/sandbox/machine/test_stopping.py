"""A request to stop is never missed, whichever thread it reaches."""

import subprocess
import sys

import pytest

HEAD = """
import os, signal, threading
from deploy.sandbox.machine.stopping import Stopping
stopping = Stopping(signal.SIGTERM)
"""
ASKED = {
    "by a signal that came before the wait": "os.kill(os.getpid(), signal.SIGTERM)",
    "by a signal that another thread got": """
waits = threading.Event()
def kill():
    waits.wait(0.2)  # long enough for the main thread to wait for good
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
threading.Thread(target=kill).start()
""",
    "by another thread": "threading.Thread(target=stopping.ask).start()",
}


@pytest.mark.parametrize("how", ASKED.values(), ids=ASKED)
def test_it_stops_when_asked(how: str) -> None:
    script = f"{HEAD}\n{how}\nstopping.wait()\nprint('stopped')"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=20, check=False)
    assert (ended.returncode, ended.stdout.strip()) == (0, "stopped"), ended.stderr
