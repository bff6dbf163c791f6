"""Frames between controller and worker: bytes in, frames out; no sockets (docs/protocol.md, section 2)."""

import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

PROTOCOL = 1
MAX_PAYLOAD = 8 * 1024 * 1024
MAX_HEADER = 64

Kind = Literal["Q", "A", "D", "E"]
_HEADER = re.compile(rb"TSD1 ([QADE]) (0|[1-9]\d{0,9}) (0|[1-9]\d{0,7}) ([0-9a-f]{8})")


class FrameError(ValueError):
    """The stream is not what the protocol says; it must be abandoned, never resynchronised."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame; `seq` ties data and answers to their request."""

    kind: Kind
    seq: int
    payload: bytes

    def json(self) -> dict[str, Any]:
        """The payload as a JSON object; raises FrameError when it is none."""
        try:
            value = json.loads(self.payload)
        except ValueError as exc:
            raise FrameError(f"frame {self.kind} {self.seq}: payload is not JSON") from exc
        if not isinstance(value, dict):
            raise FrameError(f"frame {self.kind} {self.seq}: payload is not a JSON object")
        return value


def encode(frame: Frame) -> bytes:
    """The frame's bytes, ready to be written."""
    if len(frame.payload) > MAX_PAYLOAD:
        raise FrameError(f"payload of {len(frame.payload)} bytes; the most is {MAX_PAYLOAD}")
    crc = zlib.crc32(frame.payload)
    header = f"TSD1 {frame.kind} {frame.seq} {len(frame.payload)} {crc:08x}\n".encode("ascii")
    return header + frame.payload + b"\n"


def encode_json(kind: Kind, seq: int, value: dict[str, Any]) -> bytes:
    """A frame around a JSON object, ASCII-escaped so that no code page can harm it."""
    payload = json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    return encode(Frame(kind, seq, payload))


class FrameDecoder:
    """Turns a byte stream, cut anywhere, into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Frames that `data` completes; raises FrameError on anything that is not a frame."""
        self._buffer += data
        while (frame := self._take()) is not None:
            yield frame

    @property
    def pending(self) -> int:
        """Bytes of a frame that is not complete yet."""
        return len(self._buffer)

    def _take(self) -> Frame | None:
        end = self._buffer.find(b"\n", 0, MAX_HEADER)
        if end < 0:
            if len(self._buffer) >= MAX_HEADER:
                raise FrameError(f"no frame header in {bytes(self._buffer[:MAX_HEADER])!r}")
            return None
        match = _HEADER.fullmatch(self._buffer[:end])
        if match is None:
            raise FrameError(f"not a frame header: {bytes(self._buffer[:end])!r}")
        kind, seq, length, crc = match.groups()
        size = int(length)
        if size > MAX_PAYLOAD:
            raise FrameError(f"payload of {size} bytes; the most is {MAX_PAYLOAD}")
        stop = end + 1 + size
        if len(self._buffer) < stop + 1:
            return None
        payload = bytes(self._buffer[end + 1 : stop])
        if self._buffer[stop] != 0x0A or zlib.crc32(payload) != int(crc, 16):
            raise FrameError(f"frame {kind.decode()} {seq.decode()}: checksum or end is wrong")
        del self._buffer[: stop + 1]
        return Frame(kind.decode(), int(seq), payload)  # type: ignore[arg-type]  # the pattern admits only kinds
