"""SOAP envelopes of WS-Man: a request read, an answer or a fault written."""

import re
import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from deploy.sandbox.wsman.faults import Fault, schema

SHELL_URI = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
NS = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
    "rsp": SHELL_URI,
}
WMI_ERROR_URI = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError"
DEFAULT_TIMEOUT_S = 60.0
MIN_TIMEOUT_S = 0.5
DEFAULT_ENVELOPE = 150 * 1024
FAULT_ACTION = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `action` is the last part of its URI; durations are seconds, sizes bytes of an envelope."""

    action: str
    action_uri: str
    message_id: str
    resource_uri: str
    shell_id: str | None
    options: dict[str, str]
    timeout_s: float
    max_envelope: int
    body: ET.Element


def duration_s(text: str) -> float:
    """An xs:duration in seconds; raises Fault (schema) for anything else, such as bare milliseconds."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise schema(f"{text!r} is not an xs:duration.")
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def parse(data: bytes) -> Request:
    """Reads an envelope; raises Fault (schema) when it is none."""
    try:
        root = ET.fromstring(data)  # noqa: S314  # at most 500 KB, from a client that has logged in
    except ET.ParseError as exc:
        raise schema(str(exc)) from exc
    header, body = root.find("s:Header", NS), root.find("s:Body", NS)
    if header is None:
        raise schema("The envelope has no header.")
    action = _text(header, "a:Action")
    if not action:
        raise schema("The header has no action.")
    timeout = _text(header, "w:OperationTimeout")
    size = _text(header, "w:MaxEnvelopeSize")
    if size and not size.isdecimal():
        raise schema(f"MaxEnvelopeSize {size!r} is not a number.")
    selectors = {node.get("Name", ""): (node.text or "") for node in header.findall("w:SelectorSet/w:Selector", NS)}
    return Request(
        action=action.rsplit("/", 1)[-1],
        action_uri=action,
        message_id=_text(header, "a:MessageID"),
        resource_uri=_text(header, "w:ResourceURI"),
        shell_id=selectors.get("ShellId"),
        options={node.get("Name", ""): (node.text or "") for node in header.findall("w:OptionSet/w:Option", NS)},
        timeout_s=max(MIN_TIMEOUT_S, duration_s(timeout)) if timeout else DEFAULT_TIMEOUT_S,
        max_envelope=int(size) if size else DEFAULT_ENVELOPE,
        body=body if body is not None else ET.Element("none"),
    )


def answer(request: Request, body: str) -> bytes:
    """The envelope around an answer's body, which is XML already."""
    return _envelope(f"{request.action_uri}Response", request.message_id, body)


def fault(fault_: Fault, message_id: str, machine: str) -> bytes:
    """The envelope of a fault, with the details that clients look for."""
    text = escape(fault_.reason)
    wmi = (
        f'<m:MSFT_WmiError xmlns:m="{WMI_ERROR_URI}"><m:error_Code>{fault_.code}</m:error_Code>'
        f"<m:Message>{text}</m:Message></m:MSFT_WmiError>"
        if fault_.wmi
        else ""
    )
    body = (
        f"<s:Fault><s:Code><s:Value>{fault_.party}</s:Value><s:Subcode><s:Value>{fault_.subcode}</s:Value></s:Subcode>"
        f'</s:Code><s:Reason><s:Text xml:lang="en-US">{text}</s:Text></s:Reason><s:Detail>'
        f'<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="{fault_.code}" '
        f"Machine={quoteattr(machine)}><f:Message>{text}</f:Message></f:WSManFault>{wmi}</s:Detail></s:Fault>"
    )
    return _envelope(FAULT_ACTION, message_id, body)


def _text(header: ET.Element, path: str) -> str:
    node = header.find(path, NS)
    return (node.text or "").strip() if node is not None else ""


_PREFIXES = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NS.items())


def _envelope(action: str, relates_to: str, body: str) -> bytes:
    return (
        f'<s:Envelope xml:lang="en-US" {_PREFIXES}><s:Header><a:Action>{escape(action)}</a:Action>'
        f"<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>"
        "<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>"
        f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()
