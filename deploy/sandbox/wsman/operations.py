"""Operations of the shell resource: Create, Command, Send, Receive, Signal, Delete; Get of the configuration."""

import base64
import binascii
import codecs
from collections.abc import Callable, Mapping
from pathlib import PureWindowsPath
from xml.sax.saxutils import escape

from deploy.sandbox.wsman import faults, job
from deploy.sandbox.wsman.envelope import NS, SHELL_URI, Request, duration_s
from deploy.sandbox.wsman.pipes import Chunk, Closed
from deploy.sandbox.wsman.shells import Command, Quotas, Shell, Shells

CONFIG_URI = "http://schemas.microsoft.com/wbem/wsman/1/config"
ENVELOPE_OVERHEAD = 3000
"""Bytes of an answer's envelope that are not base64, with room to spare."""


class Operations:
    """What a logged-in user can ask of one host."""

    def __init__(
        self,
        runner: job.Runner,
        quotas: Quotas,
        environment: Mapping[str, str],
        home: PureWindowsPath,
        is_directory: Callable[[PureWindowsPath], bool],
    ) -> None:
        self.shells = Shells(quotas)
        self._runner = runner
        self._quotas = quotas
        self._environment = environment
        self._home = home
        self._is_directory = is_directory
        self._table = {
            "Command": self._command,
            "Send": self._send,
            "Receive": self._receive,
            "Signal": self._signal,
            "Delete": self._delete,
            "Get": self._get,
        }

    def carry_out(self, request: Request, user: str) -> str:
        """The body of the answer; raises Fault."""
        if request.resource_uri == CONFIG_URI and request.action == "Get":
            return self._config()
        if not request.resource_uri.startswith(SHELL_URI):
            raise faults.unknown_resource(request.resource_uri)
        if request.action == "Create":
            return self._create(request, user)
        operation = self._table.get(request.action)
        if operation is None:
            raise faults.unknown_action(request.action_uri)
        shell = self.shells.use(request.shell_id, user)
        try:
            return operation(request, shell)
        finally:
            self.shells.release(shell)

    def _config(self) -> str:
        kilobytes = self._quotas.max_envelope // 1024
        return (
            f'<cfg:Config xmlns:cfg="{CONFIG_URI}"><cfg:MaxEnvelopeSizekb>{kilobytes}</cfg:MaxEnvelopeSizekb>'
            "<cfg:MaxTimeoutms>60000</cfg:MaxTimeoutms><cfg:MaxBatchItems>32000</cfg:MaxBatchItems></cfg:Config>"
        )

    def _create(self, request: Request, user: str) -> str:
        wanted = request.body.find("rsp:Shell", NS)
        if wanted is None:
            raise faults.schema("The body has no Shell.")
        variables = {
            node.get("Name", ""): node.text or "" for node in wanted.findall("rsp:Environment/rsp:Variable", NS)
        }
        idle = wanted.findtext("rsp:IdleTimeOut", "", NS) or wanted.findtext("rsp:IdleTimeout", "", NS)
        idle_timeout_s = duration_s(idle) if idle else self._quotas.idle_timeout_s
        directory = PureWindowsPath(wanted.findtext("rsp:WorkingDirectory", "", NS) or self._home)
        encoding = _encoding(request.options.get("WINRS_CODEPAGE", "437"))
        shell = self.shells.open(
            user,
            lambda shell_id: Shell(
                shell_id, user, {**self._environment, **variables}, directory, encoding, idle_timeout_s
            ),
        )
        return (
            f"<x:ResourceCreated><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address>"
            f"<a:ReferenceParameters><w:ResourceURI>{SHELL_URI}/cmd</w:ResourceURI><w:SelectorSet>"
            f'<w:Selector Name="ShellId">{shell.id}</w:Selector></w:SelectorSet></a:ReferenceParameters>'
            f"</x:ResourceCreated>{_shell_xml(shell)}"
        )

    def _command(self, request: Request, shell: Shell) -> str:
        line = request.body.find("rsp:CommandLine", NS)
        if line is None or not line.findtext("rsp:Command", "", NS):
            raise faults.schema("The body has no command line.")
        if not self._is_directory(shell.directory):
            raise faults.invalid_directory()
        words = [line.findtext("rsp:Command", "", NS), *(node.text or "" for node in line.findall("rsp:Arguments", NS))]
        through_cmd = request.options.get("WINRS_SKIP_CMD_SHELL", "FALSE").upper() != "TRUE"
        work = job.Job(" ".join(words), shell.environment, shell.directory, shell.encoding)
        command = self.shells.add(shell, work, line.get("CommandId"))
        job.start(work, self._runner, through_cmd)
        return f"<rsp:CommandResponse><rsp:CommandId>{command.id}</rsp:CommandId></rsp:CommandResponse>"

    def _send(self, request: Request, shell: Shell) -> str:
        for stream in request.body.findall("rsp:Send/rsp:Stream", NS):
            command = _command_of(shell, stream.get("CommandId"))
            try:
                data = base64.b64decode(stream.text or "")
            except binascii.Error as exc:
                raise faults.schema("A stream is not base64.") from exc
            if not command.sending.acquire(blocking=False):
                raise faults.busy()
            try:
                command.job.stdin.put(data, timeout_s=request.timeout_s)
                if stream.get("End", "").lower() in {"true", "1"}:
                    command.job.stdin.end()
            except TimeoutError:
                raise faults.operation_timeout() from None
            except Closed:
                raise faults.aborted() from None
            finally:
                command.sending.release()
        return "<rsp:SendResponse/>"

    def _receive(self, request: Request, shell: Shell) -> str:
        wanted = request.body.find("rsp:Receive/rsp:DesiredStream", NS)
        if wanted is None:
            raise faults.schema("The body names no desired stream.")
        command = _command_of(shell, wanted.get("CommandId"))
        with command.receiving:
            if command.last_receive and command.last_receive[0] == request.message_id:
                return command.last_receive[1]
            limit = min(request.max_envelope, self._quotas.max_envelope)
            most = max(1024, (limit - ENVELOPE_OVERHEAD) * 3 // 4)
            try:
                chunks = command.job.output.take(most, request.timeout_s)
            except TimeoutError:
                raise faults.operation_timeout() from None
            if command.job.output.broken:
                raise faults.aborted()
            body = _receive_xml(command, chunks)
            command.last_receive = (request.message_id, body)
            return body

    def _signal(self, request: Request, shell: Shell) -> str:
        signal = request.body.find("rsp:Signal", NS)
        code = request.body.findtext("rsp:Signal/rsp:Code", "", NS).rsplit("/", 1)[-1].lower()
        if signal is None or code not in {"terminate", "ctrl_c", "ctrl_break"}:
            raise faults.schema(f"The signal {code!r} is unknown.")
        command = shell.commands.get((signal.get("CommandId") or "").upper())
        if command is not None:
            if command.job.exit_code is None or code == "terminate":
                command.job.kill()
            if code == "terminate":
                shell.commands.pop(command.id, None)
        return "<rsp:SignalResponse/>"

    def _delete(self, _request: Request, shell: Shell) -> str:
        self.shells.delete(shell)
        return ""

    def _get(self, _request: Request, shell: Shell) -> str:
        return _shell_xml(shell)


def _command_of(shell: Shell, command_id: str | None) -> Command:
    command = shell.commands.get((command_id or "").upper())
    if command is None:
        raise faults.aborted()
    return command


def _receive_xml(command: Command, chunks: list[Chunk]) -> str:
    """The bytes of each stream, the streams' ends, and the state."""
    parts = ["<rsp:ReceiveResponse>"]
    for name in ("stdout", "stderr"):
        data = base64.b64encode(b"".join(chunk.data for chunk in chunks if chunk.stream == name)).decode("ascii")
        if data:
            parts.append(f'<rsp:Stream Name="{name}" CommandId="{command.id}">{data}</rsp:Stream>')
    if command.job.output.drained:
        parts += [f'<rsp:Stream Name="{name}" CommandId="{command.id}" End="true"/>' for name in ("stdout", "stderr")]
        parts.append(
            f'<rsp:CommandState CommandId="{command.id}" State="{SHELL_URI}/CommandState/Done">'
            f"<rsp:ExitCode>{command.job.exit_code}</rsp:ExitCode></rsp:CommandState>"
        )
    else:
        parts.append(f'<rsp:CommandState CommandId="{command.id}" State="{SHELL_URI}/CommandState/Running"/>')
    return "".join((*parts, "</rsp:ReceiveResponse>"))


def _shell_xml(shell: Shell) -> str:
    return (
        f"<rsp:Shell><rsp:ShellId>{shell.id}</rsp:ShellId><rsp:ResourceUri>{SHELL_URI}/cmd</rsp:ResourceUri>"
        f"<rsp:Owner>{escape(shell.user)}</rsp:Owner><rsp:WorkingDirectory>{escape(str(shell.directory))}"
        f"</rsp:WorkingDirectory><rsp:IdleTimeOut>PT{shell.idle_timeout_s:.3f}S</rsp:IdleTimeOut>"
        "<rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>"
    )


def _encoding(codepage: str) -> str:
    """Python's name of a code page; an unknown one is a fault, as on Windows."""
    name = "utf-8" if codepage == "65001" else f"cp{codepage}"
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise faults.schema(f"The code page {codepage!r} is not installed.") from None
