"""Waiting to be told to stop, by a signal or by another thread, without a chance to miss it."""

import os
import signal


class Stopping:
    """From its making on the process's signals `numbers` are requests to stop; make it in the main thread.

    A pipe and not an Event: the interpreter runs a handler only when its main thread comes round to it. A signal
    that arrives just before the wait begins, or at another thread, would leave it waiting for ever; and setting an
    Event in a handler can deadlock with the wait that it interrupts.
    """

    def __init__(self, *numbers: signal.Signals) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, lambda *_: None)

    def ask(self) -> None:
        """As the signal does; any thread may."""
        os.write(self._write, b".")

    def wait(self) -> None:
        """Returns once somebody has asked."""
        os.read(self._read, 1)
