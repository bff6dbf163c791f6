"""Steps and blobs as they travel: JSON, and data streams beside it (docs/protocol.md, sections 2 and 3)."""

from dataclasses import replace
from typing import Any

from deploy.model.step import Blob, Step
from deploy.winrm.channel import Content, Request


def on_the_wire(request: Request) -> Request:
    """The request as the channel sends it; Blobs in its arguments become streams, after those that it has."""
    blobs: list[Content] = list(request.streams)
    args = _as_wire(request.args, blobs)
    return replace(request, args=args, streams=tuple(blobs))


def _as_wire(value: Any, blobs: list[Content]) -> Any:
    """The value as JSON: steps as objects, each Blob as `{"data": index}`; its content goes to `blobs`."""
    match value:
        case Blob(content=content):
            blobs.append(content)
            return {"data": len(blobs) - 1}
        case Step():
            return {
                "id": value.id,
                "verb": value.verb,
                "args": _as_wire(value.args, blobs),
                "expect": value.expect,
                "deadline_s": value.deadline_s,
            }
        case dict():
            return {key: _as_wire(item, blobs) for key, item in value.items()}
        case list() | tuple():
            return [_as_wire(item, blobs) for item in value]
        case _:
            return value
