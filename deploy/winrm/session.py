"""WS-Man operations on one host over one authenticated connection, repeated as the table says."""

import base64
import time
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import xmltodict  # type: ignore[import-untyped]

from deploy.winrm.border import winrm_errors
from deploy.winrm.endpoint import Endpoint
from deploy.winrm.errors import Kind, WinrmError
from deploy.winrm.retry import Do, Operation, decide
from deploy.winrm.transport import HURRIED, STEADY, Count, Pace, connect

_SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
_RESOURCE = f"{_SHELL}/cmd"
_TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
_IDLE = "PT600S"
_TAG = f"{{{_SHELL}}}"


@dataclass(frozen=True, slots=True)
class Received:
    """What one Receive brought; `exit_code` is None while the command runs."""

    stdout: bytes = b""
    stderr: bytes = b""
    exit_code: int | None = None


class Session:
    """One connection, one thread at a time. Every method raises WinrmError; nothing is sent before the first."""

    def __init__(self, endpoint: Endpoint, count: Count, sleep: Callable[[float], None] = time.sleep) -> None:
        self.host = endpoint.name
        self._sleep = sleep
        with winrm_errors(self.host):
            self._protocol = connect(endpoint, count)

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """Within it nothing is repeated and nothing is waited for longer than some seconds."""
        self._go_at(HURRIED)
        try:
            yield
        finally:
            self._go_at(STEADY)

    def create(self, environment: Mapping[str, str], directory: str | None = None) -> str:
        """Opens a shell; gives its id."""
        shell: dict[str, Any] = {"rsp:InputStreams": "stdin", "rsp:OutputStreams": "stdout stderr"}
        if directory:
            shell["rsp:WorkingDirectory"] = directory
        shell["rsp:IdleTimeOut"] = _IDLE
        if environment:
            variables = [{"@Name": name, "#text": value} for name, value in environment.items()]
            shell["rsp:Environment"] = {"rsp:Variable": variables}
        options = {"WINRS_NOPROFILE": "TRUE", "WINRS_CODEPAGE": "65001"}
        answer = self._exchange(Operation.CREATE, f"{_TRANSFER}/Create", None, {"rsp:Shell": shell}, options)
        for node in answer.iter():
            if node.get("Name") == "ShellId" and node.text:
                return node.text
        raise WinrmError(self.host, Kind.BROKEN, "the answer to Create names no shell")

    def command(self, shell: str, line: str) -> str:
        """Starts a command line in the shell, stdin being a pipe; gives the command's id."""
        options = {"WINRS_CONSOLEMODE_STDIN": "FALSE", "WINRS_SKIP_CMD_SHELL": "FALSE"}
        body = {"rsp:CommandLine": {"rsp:Command": {"#text": line}}}
        answer = self._exchange(Operation.COMMAND, f"{_SHELL}/Command", shell, body, options)
        node = answer.find(f".//{_TAG}CommandId")
        if node is None or not node.text:
            raise WinrmError(self.host, Kind.BROKEN, "the answer to Command names no command", started=True)
        return node.text

    def send(self, shell: str, command: str, data: bytes, end: bool = False) -> None:
        """Writes to the command's stdin; `end` closes it. Kind TOO_LARGE: nothing arrived, send less at once."""
        stream = {
            "@CommandId": command,
            "@Name": "stdin",
            "@End": "true" if end else "false",
            "#text": base64.b64encode(data).decode("ascii"),
        }
        self._exchange(Operation.SEND, f"{_SHELL}/Send", shell, {"rsp:Send": {"rsp:Stream": stream}})

    def receive(self, shell: str, command: str, hold_s: float = STEADY.hold_s) -> Received:
        """Waits for output, up to `hold_s` (1 to 20 s); nothing in that time gives an empty answer."""
        most_s = self._pace.hold_s
        desired = {"@CommandId": command, "#text": "stdout stderr"}
        body = {"rsp:Receive": {"rsp:DesiredStream": desired}}
        self._protocol.operation_timeout_sec = max(1, min(round(hold_s), most_s))
        try:
            return _received(self._exchange(Operation.RECEIVE, f"{_SHELL}/Receive", shell, body))
        finally:
            self._protocol.operation_timeout_sec = most_s

    def signal(self, shell: str, command: str) -> None:
        """Ends the command, or tells the host that its output is no longer wanted."""
        body = {"rsp:Signal": {"@CommandId": command, "rsp:Code": f"{_SHELL}/signal/terminate"}}
        self._exchange(Operation.SIGNAL, f"{_SHELL}/Signal", shell, body)

    def delete(self, shell: str) -> None:
        """Deletes the shell and with it every process in it."""
        self._exchange(Operation.DELETE, f"{_TRANSFER}/Delete", shell, {})

    def close(self) -> None:
        """Closes the connection; another request would open it anew."""
        self._protocol.transport.close_session()
        self._protocol.transport.encryption = None

    def _exchange(
        self,
        operation: Operation,
        action: str,
        shell: str | None,
        body: dict[str, Any],
        options: Mapping[str, str] | None = None,
    ) -> ET.Element:
        """One operation, repeated as `retry.decide` says; the message, its id too, stays the same."""
        envelope = self._protocol.build_wsman_header(action, _RESOURCE, shell, uuid.uuid4())
        if options:
            entries = [{"@Name": name, "#text": value} for name, value in options.items()]
            envelope["env:Header"]["w:OptionSet"] = {"w:Option": entries}
        envelope["env:Body"] = body
        message = xmltodict.unparse({"env:Envelope": envelope})
        attempt = 0
        while True:
            try:
                return self._attempt(message)
            except WinrmError as error:
                decision = decide(error.kind, operation, attempt)
                error.started = decision.started
                if decision.do is Do.GO_ON:
                    return ET.Element("nothing-yet")
                if decision.do is not Do.AGAIN or not self._may_repeat(error.kind):
                    raise
                self._sleep(decision.after_s)
                attempt += 1

    def _may_repeat(self, kind: Kind) -> bool:
        """In a hurry only a stale login, which the host tells at once: idle connections end that way."""
        return self._pace.repeats or kind is Kind.STALE_LOGIN

    @property
    def _pace(self) -> Pace:
        return self._protocol.transport.pace

    def _go_at(self, pace: Pace) -> None:
        self._protocol.transport.pace = pace
        self._protocol.operation_timeout_sec = pace.hold_s

    def _attempt(self, message: str) -> ET.Element:
        """Logs in when needed, sends, reads. A login that breaks off has sent nothing: unreachable, not lost."""
        try:
            with winrm_errors(self.host):
                self._protocol.transport.build_session()
        except WinrmError as error:
            self.close()
            error.kind = Kind.UNREACHABLE if error.kind is Kind.LOST else error.kind
            raise
        try:
            with winrm_errors(self.host):
                return ET.fromstring(self._protocol.send_message(message))  # noqa: S314  # from our own host, expat
        except WinrmError as error:
            # After a transport error NTLM would seal under a context that the host no longer has.
            if error.kind in {Kind.LOST, Kind.STALE_LOGIN, Kind.UNREACHABLE, Kind.BROKEN, Kind.LOGIN_REFUSED}:
                self.close()
            raise


def _received(answer: ET.Element) -> Received:
    """Streams joined in order; `Done` without an exit code counts as -1."""
    streams: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
    for node in answer.iter(f"{_TAG}Stream"):
        if node.text and node.get("Name") in streams:
            streams[node.get("Name", "")].append(base64.b64decode(node.text))
    exit_code = None
    for state in answer.iter(f"{_TAG}CommandState"):
        if state.get("State", "").endswith("/Done"):
            code = state.find(f"{_TAG}ExitCode")
            exit_code = int(code.text) if code is not None and code.text else -1
    return Received(b"".join(streams["stdout"]), b"".join(streams["stderr"]), exit_code)
