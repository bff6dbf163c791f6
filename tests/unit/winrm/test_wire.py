"""Session, shell and channel against a real WS-Man server."""

import hashlib
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from deploy.model.secret import Secret
from deploy.model.step import Blob, Step
from deploy.sandbox.wsman.job import Job
from deploy.sandbox.wsman.shells import Quotas
from deploy.windows.host_access import HostAccess
from deploy.windows.worker import Worker
from deploy.winrm.channel import Request, RequestFailed
from deploy.winrm.endpoint import Endpoint
from deploy.winrm.errors import Kind, WinrmError, WinrmTimeout, WorkerDied
from deploy.winrm.session import Session, _received
from deploy.winrm.shell import Shell
from deploy.wire.errors import WireError
from tests.unit.winrm.conftest import MakeHost
from tests.unit.winrm.scripted_host import MODULE_TEXT, PASSWORD, Asked, Bundle, Died, ScriptedWorker, Speaker, echo


def worker_of(host: Any, endpoint: Endpoint | None = None) -> Worker:
    return Worker(HostAccess(endpoint or host.endpoint(), Bundle(), sleep=lambda _s: None), host.count)


WAYS = ["ntlm-http", "ntlm-https", "basic-https", "certificate-https"]


def way(host: Any, name: str) -> Endpoint:
    login, scheme = name.split("-")
    if login == "certificate":
        files = host.files
        return host.endpoint(  # type: ignore[no-any-return]
            scheme, login=login, certificate=files.client, certificate_key=files.client_key, user="", password=None
        )
    return host.endpoint(scheme, login=login)  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", WAYS)
def test_every_login_reaches_the_worker(make_host: MakeHost, name: str) -> None:
    host = make_host()
    worker = worker_of(host, way(host, name))
    assert worker.request(Request("echo", {"text": "Ünï"})).result["args"] == {"text": "Ünï"}
    worker.close()
    assert host.wsman.operations.shells.count() == 0


def test_cold_request_over_ntlm_and_http_takes_eight_requests(make_host: MakeHost) -> None:
    host = make_host()
    worker = worker_of(host)
    worker.request(Request("echo", {}))
    assert host.counted["requests"] <= 9
    cold = host.counted["requests"]
    worker.request(Request("echo", {}))
    assert host.counted["requests"] == cold + 2
    worker.close()


def test_missing_module_is_sent_once(make_host: MakeHost) -> None:
    scripted = ScriptedWorker({"echo": echo}, has_module=False)
    host = make_host(scripted)
    for _ in range(2):
        worker = worker_of(host)
        worker.request(Request("echo", {}))
        worker.close()
    assert scripted.uploaded == [MODULE_TEXT]


def test_blobs_become_streams_in_order(make_host: MakeHost, tmp_path: Path) -> None:
    host = make_host()
    worker = worker_of(host)
    file = tmp_path / "big.zip"
    file.write_bytes(bytes(range(256)) * 8192)
    steps = [
        Step("a", "file.put", {"data": Blob("one", b"first")}, "why"),
        Step("b", "file.put", {"files": [{"path": "x", "data": Blob("two", file)}]}, "why"),
    ]
    result = worker.request(Request("echo", {"steps": steps}, streams=(b"key",))).result
    assert result["sizes"] == [3, 5, file.stat().st_size]
    assert result["digests"][2] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert result["args"]["steps"][0]["args"] == {"data": {"data": 1}}
    assert result["args"]["steps"][1]["args"]["files"][0]["data"] == {"data": 2}
    assert "reason" not in result["args"]["steps"][0]
    worker.close()


def test_throughput_of_a_push(make_host: MakeHost, tmp_path: Path) -> None:
    host = make_host()
    worker = worker_of(host)
    file = tmp_path / "big.zip"
    file.write_bytes(b"\x00\x01\x02\x03" * (6 * 1024 * 1024))
    worker.request(Request("echo", {}))
    started = time.monotonic()
    result = worker.request(Request("echo", {}, streams=(file,))).result
    seconds = time.monotonic() - started
    assert result["sizes"] == [file.stat().st_size]
    # 28 MB/s with server and client on one core; the product's figure is the bench's.
    assert file.stat().st_size / seconds > 4e6
    worker.close()


def test_host_that_takes_less_gets_smaller_pieces(make_host: MakeHost) -> None:
    host = make_host(quotas=Quotas(max_envelope=150 * 1024))
    worker = worker_of(host)
    data = b"x" * 900_000
    assert worker.request(Request("echo", {}, streams=(data,))).result["sizes"] == [900_000]
    worker.close()


def test_error_answers_leave_the_worker_alive(make_host: MakeHost) -> None:
    def fail(_asked: Asked, _speaker: Speaker) -> dict[str, Any]:
        raise WireError("missing", "no such file", where="step-1")

    host = make_host(ScriptedWorker({"echo": echo, "fail": fail}))
    worker = worker_of(host)
    with pytest.raises(RequestFailed, match=r"^no such file$") as caught:
        worker.request(Request("fail", {}))
    assert (caught.value.error.code, caught.value.error.where) == ("missing", "step-1")
    worker.request(Request("echo", {}))
    assert host.worker.starts == 1
    worker.close()


def test_dead_worker_is_told_with_its_last_words(make_host: MakeHost) -> None:
    def die(_asked: Asked, _speaker: Speaker) -> dict[str, Any]:
        raise Died("out of memory")

    host = make_host(ScriptedWorker({"echo": echo, "die": die}))
    worker = worker_of(host)
    with pytest.raises(WorkerDied, match=r"ended with code 9.*out of memory") as caught:
        worker.request(Request("die", {}))
    assert caught.value.started
    worker.request(Request("echo", {}))
    assert host.worker.starts == 2
    worker.close()


@pytest.mark.parametrize("text", [b"hello\r\n" * 20, b"TSD1 A 1 2 00000000\n{}\n"])
def test_noise_on_stdout_ends_the_worker(make_host: MakeHost, text: bytes) -> None:
    def noise(_asked: Asked, speaker: Speaker) -> None:
        speaker.job.write(text)

    host = make_host(ScriptedWorker({"noise": noise}))
    worker = worker_of(host)
    with pytest.raises(WorkerDied, match="makes no sense"):
        worker.request(Request("noise", {}))
    assert worker.generation == 0
    worker.close()


@pytest.mark.parametrize(
    "greeting",
    [{"event": "ready", "protocol": 2}, {"event": "hello"}],
)
def test_unknown_greeting_is_refused(make_host: MakeHost, greeting: dict[str, Any]) -> None:
    scripted = ScriptedWorker({})
    scripted.greeting = greeting
    worker = worker_of(make_host(scripted))
    with pytest.raises(WorkerDied, match="not of protocol 1"):
        worker.request(Request("echo", {}))


def test_refusal_to_start_is_told(make_host: MakeHost) -> None:
    scripted = ScriptedWorker({})
    scripted.greeting = {"event": "refused", "error": {"code": "unsupported", "message": "constrained language"}}
    worker = worker_of(make_host(scripted))
    with pytest.raises(RequestFailed, match="constrained language"):
        worker.request(Request("echo", {}))


@pytest.mark.parametrize("when", ["before:Receive", "after:Receive"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_connection_lost_while_receiving_loses_nothing(make_host: MakeHost, when: str, scheme: str) -> None:
    host = make_host()
    worker = worker_of(host, host.endpoint(scheme))
    worker.request(Request("echo", {}))
    host.wsman.injection.arm("drop-connection", when)
    assert worker.request(Request("echo", {"n": 2})).result["args"] == {"n": 2}
    assert [asked.args for asked in host.worker.asked] == [{}, {"n": 2}]
    worker.close()


@pytest.mark.parametrize("when", ["before:Send", "after:Send"])
def test_send_is_never_repeated_blindly(make_host: MakeHost, when: str) -> None:
    host = make_host()
    worker = worker_of(host)
    worker.request(Request("echo", {}))
    host.wsman.injection.arm("drop-connection", when)
    with pytest.raises(WinrmError) as caught:
        worker.request(Request("echo", {"n": 2}))
    assert (caught.value.kind, caught.value.started) == (Kind.LOST, True)
    assert host.wsman.operations.shells.count() == 1
    worker.reap()
    assert host.wsman.operations.shells.count() == 0
    assert sum(asked.args == {"n": 2} for asked in host.worker.asked) <= 1


def test_idle_connection_that_was_closed_is_logged_in_anew(make_host: MakeHost) -> None:
    """The 400 trap: NTLM over HTTP would seal the body under the old context."""
    host = make_host()
    worker = worker_of(host)
    worker.request(Request("echo", {}))
    for listener in host.wsman._listeners:
        for connection in list(listener._open):
            listener.close_socket(connection)
    assert worker.request(Request("echo", {"n": 2})).result["args"] == {"n": 2}
    assert host.worker.starts == 1
    worker.close()


def test_deleted_shell_is_found_out(make_host: MakeHost) -> None:
    host = make_host()
    worker = worker_of(host)
    worker.request(Request("echo", {}))
    host.wsman.operations.shells.delete_all()
    with pytest.raises(WinrmError) as caught:
        worker.request(Request("echo", {}))
    assert caught.value.kind is Kind.SHELL_GONE
    assert worker.request(Request("echo", {"n": 3})).result["args"] == {"n": 3}
    worker.close()


def test_silent_worker_is_given_up(make_host: MakeHost) -> None:
    def hang(_asked: Asked, speaker: Speaker) -> None:
        speaker.job.cancelled.wait(20)

    host = make_host(ScriptedWorker({"hang": hang}))
    worker = worker_of(host)
    with pytest.raises(WinrmTimeout, match="silent for 1 s"):
        worker.request(Request("hang", {}, silence_s=1))
    assert worker.generation == 0
    host.wsman.operations.shells.delete_all()


def test_a_plain_command_is_ended_at_its_deadline(make_host: MakeHost) -> None:
    class Hanging(ScriptedWorker):
        def run(self, job: Job, through_cmd: bool) -> int:
            job.cancelled.wait(20)
            return 0

    host = make_host(Hanging({}))
    session = Session(host.endpoint(), host.count)
    shell = Shell(session, {})
    started = time.monotonic()
    with pytest.raises(TimeoutError, match="took over 1 s"):
        shell.run("ping -t localhost", b"", 1, time.monotonic)
    assert time.monotonic() - started < 5
    shell.delete()
    session.close()


def test_done_without_an_exit_code_is_no_success() -> None:
    state = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
    answer = ET.fromstring(f'<a><r:CommandState xmlns:r="{state}" State="{state}/CommandState/Done"/></a>')
    assert _received(answer).exit_code == -1


def test_envelopes_are_as_large_as_windows_takes_and_nothing_comes_from_the_environment(
    make_host: MakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/file")
    host = make_host()
    worker = worker_of(host, host.endpoint("https"))
    worker.request(Request("echo", {}))
    worker.close()
    session = Session(host.endpoint(), host.count)
    header = session._protocol.build_wsman_header("a", "b")["env:Header"]
    assert header["w:MaxEnvelopeSize"]["#text"] == "512000"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"password": Secret("wrong-Sekret")}, Kind.LOGIN_REFUSED),
        ({"port": 1}, Kind.UNREACHABLE),
        ({"scheme": "https", "ca": None}, Kind.UNTRUSTED),
        ({"address": "no-such-host.invalid"}, Kind.UNREACHABLE),
    ],
)
def test_failures_before_anything_ran(make_host: MakeHost, changes: dict[str, Any], kind: Kind) -> None:
    host = make_host()
    worker = worker_of(host, host.endpoint(**changes))
    with pytest.raises(OSError, match="web01: ") as caught:
        worker.request(Request("echo", {}))
    assert isinstance(caught.value, WinrmError)
    assert (caught.value.kind, caught.value.started) == (kind, False)
    assert caught.value.next


def test_promise_7_no_password_in_a_failure(make_host: MakeHost) -> None:
    host = make_host()
    host.wsman.injection.arm("drop-connection", "before:Create")
    for endpoint in (way(host, "basic-https"), host.endpoint(password=Secret("wrong-Sekret"))):
        worker = worker_of(host, endpoint)
        host.wsman.injection.arm("refuse-login", "")
        with pytest.raises(WinrmError) as caught:
            worker.request(Request("echo", {}))
        host.wsman.injection.clear(None)
        cause = caught.value.__cause__
        told = f"{caught.value!r} {caught.value} {cause!r} {vars(cause) if cause else ''}"
        assert PASSWORD not in told
        assert "wrong-Sekret" not in told
        assert PASSWORD not in repr(endpoint)


def test_plain_command_beside_the_worker(make_host: MakeHost) -> None:
    host = make_host()
    session = Session(host.endpoint("https", login="basic"), host.count)
    shell = Shell(session, {"A": "1"})
    ended = shell.run("whoami /all", b"typed", None, time.monotonic)
    assert (ended.exit_code, ended.stdout) == (0, b"whoami /all\r\n")
    assert host.worker.plain[0][2] == b"typed"
    assert host.worker.plain[0][1]["A"] == "1"
    shell.delete()
    session.close()
