"""Redirections of a command: files on the host's disk, nul, one stream into another."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from deploy.sandbox.programs.context import Context, Streams
from deploy.sandbox.programs.syntax import Redirection


@contextlib.contextmanager
def redirected(context: Context, redirections: tuple[Redirection, ...]) -> Iterator[Context]:
    """The context with its streams redirected; files are closed at the end. Raises KernelError for a bad path."""
    with contextlib.ExitStack() as files:
        streams = context.streams
        for redirection in redirections:
            streams = _apply(context, streams, redirection, files)
        yield context.with_streams(streams)


def _apply(context: Context, streams: Streams, redirection: Redirection, files: contextlib.ExitStack) -> Streams:
    if redirection.kind == "&":
        return _onto(streams, redirection.handle, streams.out if redirection.target == "1" else streams.err)
    if redirection.target.lower() == "nul":
        return (
            replace(streams, read_all=bytes) if redirection.handle == 0 else _onto(streams, redirection.handle, _drop)
        )
    local = context.host.local(context.path(redirection.target))
    if redirection.kind == "<":
        return replace(streams, read_all=local.read_bytes)
    file = files.enter_context(local.open("ab" if redirection.kind == ">>" else "wb"))
    return _onto(streams, redirection.handle, file.write)


def _onto(streams: Streams, handle: int, write: Callable[[bytes], object]) -> Streams:
    def sink(data: bytes) -> None:
        write(data)

    return replace(streams, err=sink) if handle == 2 else replace(streams, out=sink)


def _drop(_data: bytes) -> None:
    """To nul."""
