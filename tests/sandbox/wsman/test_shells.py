"""Shells and commands: streams, timeouts, faults, quotas, limits, and that nothing outlives its shell."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from requests.exceptions import ConnectionError as Broken
from winrm.exceptions import WinRMOperationTimeoutError, WinRMTransportError, WSManFaultError
from winrm.protocol import Protocol

from deploy.sandbox.wsman.shells import Quotas
from tests.sandbox.wsman.conftest import Site, make_site, wait_until

CHUNK = 370_000


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Site]:
    """A host with narrow quotas."""
    quotas = Quotas(max_shells_per_user=2, max_operations_per_shell=3, idle_timeout_s=0.2)
    site = make_site(tmp_path, "127.0.78.22", quotas)
    yield site
    site.host.close()


def start(site: Site, word: str, protocol: Protocol | None = None) -> tuple[Protocol, str, str]:
    protocol = protocol or site.protocol()
    shell = protocol.open_shell(codepage=65001)
    return protocol, shell, protocol.run_command(shell, f"powershell.exe {word}", console_mode_stdin=False)


def receive(protocol: Protocol, shell: str, command: str) -> tuple[bytes, int | None]:
    parts: list[bytes] = []
    while True:
        stdout, _, code, done = protocol.get_command_output_raw(shell, command)
        parts.append(stdout)
        if done:
            return b"".join(parts), code


def test_what_is_sent_comes_back_byte_for_byte(site: Site) -> None:
    protocol, shell, command = start(site, "cat")
    data = bytes(range(256)) * 600
    protocol.send_command_input(shell, command, data)
    protocol.send_command_input(shell, command, data, end=True)
    assert receive(protocol, shell, command) == (data * 2, 0)


def test_output_comes_as_soon_as_there_is_any(site: Site) -> None:
    protocol, shell, command = start(site, "cat")
    protocol.send_command_input(shell, command, b"first")
    assert protocol.get_command_output_raw(shell, command)[0] == b"first"


def test_a_command_that_reads_nothing_holds_the_sender_back(site: Site) -> None:
    protocol, shell, command = start(site, "sleep", site.protocol(operation_timeout_sec=1))

    def send_on() -> None:
        for _ in range(40):
            protocol.send_command_input(shell, command, bytes(CHUNK))

    with pytest.raises(WinRMOperationTimeoutError):
        send_on()


def test_output_that_nobody_fetches_is_held_back_and_complete(site: Site) -> None:
    before = len(site.engine.started)
    protocol, shell, command = start(site, "flood")
    wait_until(lambda: len(site.engine.started) > before)
    assert site.engine.started[-1].poll() is None
    out, code = receive(protocol, shell, command)
    assert (len(out), code) == (128 * 65536, 0)


def test_hundred_megabytes_pass_quickly(site: Site) -> None:
    protocol, shell, command = start(site, "count")
    total = 100_000_000
    begun = time.monotonic()
    for at in range(0, total, CHUNK):
        protocol.send_command_input(shell, command, bytes(min(CHUNK, total - at)))
    protocol.send_command_input(shell, command, b"", end=True)
    out, _ = receive(protocol, shell, command)
    took_s = time.monotonic() - begun
    assert int(out) == total
    assert total / took_s > 5_000_000, f"{total / took_s / 1e6:.0f} MB/s"


def test_a_receive_without_output_times_out_after_its_time(site: Site) -> None:
    protocol, shell, command = start(site, "sleep", site.protocol(operation_timeout_sec=1))
    begun = time.monotonic()
    with pytest.raises(WinRMOperationTimeoutError):
        protocol.get_command_output_raw(shell, command)
    assert 0.9 < time.monotonic() - begun < 3


def test_deleting_a_shell_kills_its_process(site: Site) -> None:
    protocol, shell, _ = start(site, "sleep")
    wait_until(lambda: bool(site.host.processes.all("worker")))
    process = site.engine.started[-1]
    protocol.close_shell(shell)
    wait_until(lambda: process.poll() is not None)
    assert code_of(lambda: protocol.run_command(shell, "hostname")) == 2150858843


def test_a_receive_under_a_deleted_shell_is_aborted(site: Site) -> None:
    protocol, shell, command = start(site, "sleep")
    codes: list[int | None] = []
    waiting = threading.Thread(
        target=lambda: codes.append(code_of(lambda: protocol.get_command_output_raw(shell, command)))
    )
    waiting.start()
    wait_until(lambda: site.host.wsman.operations.shells.count() == 1 and bool(site.host.processes.all("worker")))
    site.protocol().close_shell(shell)
    waiting.join(10)
    assert codes in ([995], [2150858843])


def test_terminate_kills_the_command_and_leaves_the_shell(site: Site) -> None:
    protocol, shell, command = start(site, "sleep")
    wait_until(lambda: bool(site.host.processes.all("worker")))
    process = site.engine.started[-1]
    protocol.cleanup_command(shell, command)
    wait_until(lambda: process.poll() is not None)
    other = protocol.run_command(shell, "hostname")
    assert protocol.get_command_output(shell, other)[0] == b"win-01\r\n"


def test_a_resent_receive_gets_the_same_answer(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    protocol = site.protocol()
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "echo once")
    site.host.wsman.injection.arm("drop-connection", "after:Receive")
    sent: list[str | bytes] = []
    original = protocol.transport.send_message

    def recording(message: str | bytes) -> bytes:
        sent.append(message)
        return original(message)

    monkeypatch.setattr(protocol.transport, "send_message", recording)
    with pytest.raises(Broken):
        protocol.get_command_output_raw(shell, command)
    protocol.transport.close_session()
    assert b"b25jZQ0K" in original(sent[-1])


def test_eight_thousand_characters_are_the_most(site: Site) -> None:
    result = site.session().run_cmd("echo " + "x" * 8186)
    assert len(result.std_out) == 8188
    result = site.session().run_cmd("echo " + "x" * 8187)
    assert (result.status_code, result.std_err) == (1, b"The command line is too long.\r\n")


def test_an_envelope_that_is_too_large_is_413(site: Site) -> None:
    protocol, shell, command = start(site, "count")
    with pytest.raises(WinRMTransportError) as caught:
        protocol.send_command_input(shell, command, bytes(400_000))
    assert caught.value.code == 413


def test_shells_have_a_quota(small: Site) -> None:
    protocol = small.protocol()
    shells = [protocol.open_shell(idle_timeout="PT60S") for _ in range(2)]
    with pytest.raises(WSManFaultError) as caught:
        protocol.open_shell()
    assert (caught.value.wsman_fault_code, caught.value.wmierror_code) == (2150859173, 2150859173)
    protocol.close_shell(shells[0])
    assert protocol.open_shell()


def test_operations_have_a_quota_that_signal_does_not_give_back(small: Site) -> None:
    protocol = small.protocol()
    shell = protocol.open_shell(idle_timeout="PT60S")
    for _ in range(3):
        protocol.cleanup_command(shell, protocol.run_command(shell, "hostname"))
    assert code_of(lambda: protocol.run_command(shell, "hostname")) == 2150859174


def test_an_idle_shell_is_reaped(small: Site) -> None:
    protocol, shell, _ = start(small, "sleep")
    wait_until(lambda: small.host.wsman.operations.shells.count() == 0)
    assert code_of(lambda: protocol.run_command(shell, "hostname")) == 2150858843
    wait_until(lambda: small.engine.started[-1].poll() is not None)


@pytest.mark.parametrize(
    ("options", "code"),
    [({"idle_timeout": "7200000"}, 2150858817), ({"codepage": 12345}, 2150858817)],
)
def test_a_shell_that_the_schema_forbids(site: Site, options: dict[str, object], code: int) -> None:
    assert code_of(lambda: site.protocol().open_shell(**options)) == code  # type: ignore[arg-type]


def test_a_directory_that_is_not_there(site: Site) -> None:
    protocol = site.protocol()
    shell = protocol.open_shell(working_directory=r"C:\nowhere")
    assert code_of(lambda: protocol.run_command(shell, "hostname")) == 267


def code_of(call: object) -> int | None:
    """The code of the fault that a call ends in."""
    with pytest.raises(WSManFaultError) as caught:
        call()  # type: ignore[operator]
    code: int | None = caught.value.wsman_fault_code
    return code
