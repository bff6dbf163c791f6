"""A WinRM shell on a host, and processes in it: bytes in, bytes out."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from deploy.winrm.errors import Kind, WinrmError, WinrmTimeout, WorkerDied
from deploy.winrm.session import Received, Session
from deploy.winrm.transport import STEADY

CHUNK_BYTES = 370_000
"""Most raw bytes of one Send: as base64, with its envelope, below MaxEnvelopeSizekb of 500."""
_LEAST_CHUNK_BYTES = 4_096
_KEPT_BYTES = 2_000
_CUT = b"\n[...]\n"


@dataclass(frozen=True, slots=True)
class ProcessEnd:
    """A plain command's whole output."""

    exit_code: int
    stdout: bytes
    stderr: bytes


def both_ends(output: bytes) -> bytes:
    """Its first and last bytes: a stack trace ends with what everybody's does, and begins with what went wrong."""
    if len(output) <= 2 * _KEPT_BYTES:
        return output
    return output[:_KEPT_BYTES] + _CUT + output[-_KEPT_BYTES:]


class Process:
    """A command that runs in a shell. Keeps both ends of its stderr for whoever must explain its death."""

    def __init__(self, session: Session, shell: str, command: str) -> None:
        self._session, self._shell, self._command = session, shell, command
        self._chunk = CHUNK_BYTES
        self._stderr = b""
        self.exit_code: int | None = None

    def write(self, parts: Iterable[bytes]) -> None:
        """Writes a stream to stdin, gathered into as few Sends as fit; memory holds about two of them."""
        buffer = bytearray()
        for part in parts:
            buffer += part
            while len(buffer) >= self._chunk:
                self._write_piece(buffer)
        while buffer:
            self._write_piece(buffer)

    def end(self) -> None:
        """Closes stdin."""
        self._session.send(self._shell, self._command, b"", end=True)

    def read(self, hold_s: float = STEADY.hold_s) -> Received:
        """What came since the last time, after up to `hold_s` of waiting. Raises WorkerDied after its end."""
        if self.exit_code is not None:
            raise WorkerDied(self._session.host, f"the process has ended with code {self.exit_code}", self.diagnostics)
        received = self._session.receive(self._shell, self._command, hold_s)
        self._stderr = both_ends(self._stderr + received.stderr)
        self.exit_code = received.exit_code
        return received

    @property
    def diagnostics(self) -> str:
        """Both ends of its stderr, as text."""
        return self._stderr.decode("utf-8", "replace").strip()

    def terminate(self) -> None:
        """Ends it, or, when it has ended, frees it."""
        self._session.signal(self._shell, self._command)

    def _write_piece(self, buffer: bytearray) -> None:
        """Sends the first piece of the buffer and takes it out; a host that takes less gets less from now on."""
        piece = bytes(buffer[: self._chunk])
        try:
            self._session.send(self._shell, self._command, piece)
        except WinrmError as error:
            if error.kind is not Kind.TOO_LARGE or self._chunk <= _LEAST_CHUNK_BYTES:
                raise
            self._chunk //= 2
            return
        del buffer[: len(piece)]


class Shell:
    """One shell; its processes die with it. `id` is enough to delete it over another connection."""

    def __init__(self, session: Session, environment: Mapping[str, str], directory: str | None = None) -> None:
        self._session = session
        self.id = session.create(environment, directory)

    def start(self, line: str) -> Process:
        """Starts a command line."""
        return Process(self._session, self.id, self._session.command(self.id, line))

    def run(self, line: str, stdin: bytes, deadline_s: float | None, now: Callable[[], float]) -> ProcessEnd:
        """Runs a command line to its end. Raises WinrmTimeout, after ending it, when the deadline passes."""
        until = None if deadline_s is None else now() + deadline_s
        process = self.start(line)
        if stdin:
            process.write([stdin])
        process.end()
        stdout, stderr = bytearray(), bytearray()
        while process.exit_code is None:
            received = process.read() if until is None else process.read(until - now())
            stdout += received.stdout
            stderr += received.stderr
            if process.exit_code is None and until is not None and now() >= until:
                process.terminate()
                raise WinrmTimeout(self._session.host, Kind.DIED, f"the command took over {deadline_s:g} s", True)
        process.terminate()
        return ProcessEnd(process.exit_code, bytes(stdout), bytes(stderr))

    def delete(self) -> None:
        """Deletes it."""
        self._session.delete(self.id)
