"""Targets that a run has open, by host name: pyinfra's connectors use these instead of connecting again."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from deploy.windows.target import WindowsTarget

_LENT: dict[str, WindowsTarget] = {}


@contextmanager
def lent(targets: Mapping[str, WindowsTarget]) -> Iterator[None]:
    """Within it, connectors of these hosts share worker, lock and snapshot of the given targets. Never nested."""
    _LENT.update(targets)
    try:
        yield
    finally:
        for host in targets:
            _LENT.pop(host, None)


def find(host: str) -> WindowsTarget | None:
    """The target that is lent for a host."""
    return _LENT.get(host)
