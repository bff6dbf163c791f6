"""What a program of the simulated host works with."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath

from deploy.sandbox.machine.commandline import split
from deploy.sandbox.machine.kernel import Kernel
from deploy.sandbox.machine.paths import to_local


class Ended(Exception):  # noqa: N818  # `exit` is no error
    """`exit`: the command processor ends with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


@dataclass(slots=True)
class Session:
    """What a command processor keeps from command to command; a nested one has a copy."""

    environment: dict[str, str]
    directory: PureWindowsPath
    errorlevel: int = 0

    def copy(self) -> "Session":
        """For a nested command processor."""
        return Session(dict(self.environment), self.directory, self.errorlevel)

    def get(self, name: str, default: str = "") -> str:
        """A variable, in any case."""
        wanted = name.upper()
        return next((value for key, value in self.environment.items() if key.upper() == wanted), default)

    def put(self, name: str, value: str | None) -> None:
        """Sets or, with None, removes a variable."""
        for key in [key for key in self.environment if key.upper() == name.upper()]:
            del self.environment[key]
        if value:
            self.environment[name] = value


@dataclass(frozen=True, slots=True)
class Host:
    """The simulated machine as programs see it."""

    name: str
    folder: Path
    kernel: Kernel

    def local(self, path: PureWindowsPath) -> Path:
        """Where a Windows path lies on this disk; raises KernelError."""
        return to_local(self.folder, str(path))


@dataclass(frozen=True, slots=True)
class Streams:
    """Standard streams; `read_all` waits for the end of stdin."""

    read_all: Callable[[], bytes]
    out: Callable[[bytes], None]
    err: Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Context:
    """One program's call. `text` is its command line without the name, as written."""

    host: Host
    session: Session
    name: str
    text: str
    streams: Streams
    encoding: str
    cancelled: threading.Event

    @property
    def arguments(self) -> list[str]:
        """The words of its command line."""
        return split(self.text)

    def say(self, text: str) -> None:
        """A line to stdout."""
        self.streams.out(f"{text}\r\n".encode(self.encoding, "replace"))

    def complain(self, text: str) -> None:
        """A line to stderr."""
        self.streams.err(f"{text}\r\n".encode(self.encoding, "replace"))

    def input_lines(self) -> list[str]:
        """All of stdin."""
        return self.streams.read_all().decode(self.encoding, "replace").splitlines()

    def path(self, name: str) -> PureWindowsPath:
        """A path as given, seen from the working directory."""
        return self.session.directory / name

    def with_streams(self, streams: Streams) -> "Context":
        """The same call with other streams."""
        return replace(self, streams=streams)
