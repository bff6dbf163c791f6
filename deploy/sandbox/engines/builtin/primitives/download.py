"""A file over HTTP(S), as a stream of pieces."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from deploy.sandbox.engines.builtin.clock import Clock
from deploy.sandbox.engines.builtin.disk import CHUNK
from deploy.wire.errors import WireError

if TYPE_CHECKING:
    from http.client import HTTPResponse

_SILENCE_S = 30.0


def download(url: str, headers: dict[str, str], size: int, deadline: float, clock: Clock) -> Iterator[bytes]:
    """The body of a GET, never more than `size` bytes and one piece.

    Raises WireError: `unreachable` no answer, `missing` 404, `checksum` more bytes than announced, `timeout`.
    """
    import http.client  # noqa: PLC0415  # 20 ms that only those processes pay which fetch

    parts = urlsplit(url)
    kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
    if parts.scheme not in kinds or not parts.hostname:
        raise WireError("bad-request", f"{url!r}: expected an http or https address")
    silence_s = max(0.1, min(_SILENCE_S, deadline - clock.now()))
    connection = kinds[parts.scheme](parts.hostname, parts.port, timeout=silence_s)
    try:
        connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""), headers=headers)
        answer = connection.getresponse()
        if answer.status != 200:
            code = "missing" if answer.status in {404, 410} else "unreachable"
            raise WireError(code, f"{url}: HTTP status {answer.status}", expected=200, actual=answer.status)
        yield from _body(answer, url, size, deadline, clock)
    except (OSError, http.client.HTTPException) as exc:
        raise WireError("unreachable", f"{url}: {exc}") from exc
    finally:
        connection.close()


def _body(answer: "HTTPResponse", url: str, size: int, deadline: float, clock: Clock) -> Iterator[bytes]:
    received = 0
    while chunk := answer.read1(CHUNK):  # what is there now: a trickle must meet the deadline, too
        received += len(chunk)
        if received > size:
            raise WireError("checksum", f"{url}: more bytes than announced", expected=size, actual=received)
        if clock.now() >= deadline:
            raise WireError("timeout", f"{url}: {received} of {size} bytes by the deadline")
        yield chunk
