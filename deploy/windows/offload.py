"""Blocking calls in real threads, so that pyinfra's greenlets for other hosts go on (docs/adr/0001-concurrency.md)."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import gevent  # type: ignore[import-untyped]
from gevent import monkey
from gevent.threadpool import ThreadPool  # type: ignore[import-untyped]

T = TypeVar("T")
THREADS = 128
"""Most calls at once; threads are made when they are needed. gevent's own pool has ten."""

_POOLS: dict[Any, ThreadPool] = {}
"""By hub: each thread that runs greenlets has its own."""


def offload(call: Callable[[], T]) -> T:
    """Runs the call in a thread and waits for it as a greenlet waits; its exception is raised here.

    Where pyinfra's command line has patched the standard library, sockets wait as greenlets do, and may not change
    threads: there the call is made at once.
    """
    if monkey.is_module_patched("socket"):
        return call()
    hub = gevent.get_hub()
    pool = _POOLS.get(hub)
    if pool is None:
        pool = _POOLS[hub] = ThreadPool(THREADS, hub=hub)
    value, error = pool.apply(_caught, (call,))
    if error is not None:
        raise error
    return value  # type: ignore[no-any-return]


def release_threads() -> None:
    """Ends this thread's pool, and its hub when it is not the main thread's; the next call makes others."""
    hub = gevent.get_hub()
    pool = _POOLS.pop(hub, None)
    if pool is not None:
        pool.kill()
    if threading.current_thread() is not threading.main_thread():
        hub.destroy()


def _caught(call: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    """The result or the exception as a value: gevent would print what a pool's thread raises."""
    try:
        return call(), None
    except BaseException as exc:  # noqa: BLE001  # raised again in the greenlet
        return None, exc
