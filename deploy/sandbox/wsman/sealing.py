"""Sealed messages over plain HTTP: the MIME wrapping of MS-WSMV 2.2.9.1 around a security context's wrap."""

import struct
from typing import Protocol

BOUNDARY = b"--Encrypted Boundary"
SPNEGO = "application/HTTP-SPNEGO-session-encrypted"
CONTENT_TYPE = f'multipart/encrypted;protocol="{SPNEGO}";boundary="Encrypted Boundary"'
_OCTETS = b"\tContent-Type: application/octet-stream\r\n"


class UnsealError(ValueError):
    """The body can't be read with this connection's keys; Windows answers 400 without a body."""


class Wrapped(Protocol):
    """What `wrap_winrm` gives."""

    header: bytes
    data: bytes
    padding_length: int


class SecurityContext(Protocol):
    """The part of a spnego context that seals."""

    def wrap_winrm(self, data: bytes) -> Wrapped:
        """Encrypts and signs."""

    def unwrap_winrm(self, header: bytes, data: bytes) -> bytes:
        """Checks and decrypts."""


def is_sealed(content_type: str) -> bool:
    """Whether a body with this Content-Type is a sealed message."""
    return content_type.startswith("multipart/encrypted")


def unseal(context: SecurityContext, body: bytes) -> bytes:
    """The envelope in a sealed body; raises UnsealError."""
    parts = body.split(BOUNDARY + b"\r\n")
    end = BOUNDARY + b"--\r\n"
    if len(parts) != 3 or not parts[2].startswith(_OCTETS) or not parts[2].endswith(end):
        raise UnsealError("not a sealed message of two parts")
    data = memoryview(parts[2])[len(_OCTETS) : -len(end)]
    if len(data) < 4:
        raise UnsealError("no signature")
    signed = struct.unpack("<i", data[:4])[0]
    if not 0 < signed <= len(data) - 4:
        raise UnsealError("the signature's length is wrong")
    try:
        return context.unwrap_winrm(bytes(data[4 : 4 + signed]), bytes(data[4 + signed :]))
    except Exception as exc:  # spnego lets errors of every layer below it through
        raise UnsealError(str(exc)) from exc


def seal(context: SecurityContext, envelope: bytes) -> bytes:
    """The sealed body of an envelope."""
    wrapped = context.wrap_winrm(envelope)
    length = len(envelope) + wrapped.padding_length
    return b"".join(
        (
            BOUNDARY + b"\r\n",
            f"\tContent-Type: {SPNEGO}\r\n".encode(),
            f"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={length}\r\n".encode(),
            BOUNDARY + b"\r\n",
            _OCTETS,
            struct.pack("<i", len(wrapped.header)),
            wrapped.header,
            wrapped.data,
            BOUNDARY + b"--\r\n",
        )
    )
