"""The server's side of RFC 6455, as far as sending needs it."""

import base64
import hashlib

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
GOING_AWAY = 1001


def handshake(key: str) -> bytes:
    """The answer to an upgrade with this `Sec-WebSocket-Key`."""
    digest = hashlib.sha1((key + _GUID).encode("ascii"), usedforsecurity=False).digest()
    accept = base64.b64encode(digest).decode("ascii")
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept}\r\n\r\n"
    ).encode("ascii")


def text(payload: str) -> bytes:
    """A text frame."""
    return _frame(0x81, payload.encode())


def close(code: int) -> bytes:
    """A close frame."""
    return _frame(0x88, code.to_bytes(2, "big"))


def _frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((opcode, size)) + payload
    return bytes((opcode, 126)) + size.to_bytes(2, "big") + payload
