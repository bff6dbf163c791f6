"""The bootstrap, started by the constant command, and the module that it keeps."""

import hashlib
import json
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest

from deploy.windows.agent_bundle import bundle, join, parts
from deploy.wire.frames import Frame, FrameDecoder, encode
from tests.unit.agent.engine import AGENT, Host, Worker, core_module, engine

BOOT = (AGENT / "boot.ps1").read_text(encoding="ascii")


@pytest.fixture
def bare(host: Host) -> Host:
    """A host where nothing of ours is yet."""
    shutil.rmtree(host.root)
    return host


def push(worker: Worker, text: bytes) -> None:
    for at in range(0, len(text), 30_000):
        worker.send(encode(Frame("D", 0, text[at : at + 30_000])))
    worker.send(encode(Frame("D", 0, b"")))


def test_the_module_is_sent_once(bare: Host) -> None:
    worker = bare.boot(BOOT)
    assert worker.next().json() == {"event": "need-agent"}
    push(worker, core_module()[0])
    ready = worker.next().json()
    assert (ready["event"], ready["protocol"], ready["agent"]) == ("ready", 1, bare.agent)
    assert worker.call("probe", {"kind": "process"})["ok"] is True
    assert worker.end() == 0
    assert bare.module.read_bytes() == core_module()[0]
    assert [path.name for path in bare.module.parent.iterdir()] == [bare.module.name]
    second = bare.boot(BOOT)
    assert second.next().json()["event"] == "ready"
    assert second.end() == 0


def test_a_changed_module_is_sent_anew(host: Host) -> None:
    host.module.write_bytes(core_module()[0] + b"# changed\n")
    worker = host.boot(BOOT)
    assert worker.next().json() == {"event": "need-agent"}
    push(worker, core_module()[0])
    assert worker.next().json()["event"] == "ready"
    assert hashlib.sha256(host.module.read_bytes()).hexdigest() == host.agent


def test_another_module_than_announced_is_refused(bare: Host) -> None:
    worker = bare.boot(BOOT)
    assert worker.next().json() == {"event": "need-agent"}
    push(worker, b"Remove-Item everything\n")
    refused = worker.next().json()
    assert (refused["event"], refused["error"]["code"]) == ("refused", "checksum")
    assert worker.end() == 2
    assert list(bare.module.parent.iterdir()) == []


def test_a_module_that_cannot_be_read_is_refused_with_the_reason(bare: Host) -> None:
    text = b"this is { not PowerShell\n"
    bare.agent = hashlib.sha256(text).hexdigest()
    worker = bare.boot(BOOT)
    assert worker.next().json() == {"event": "need-agent"}
    push(worker, text)
    refused = worker.next().json()
    assert (refused["event"], refused["error"]["code"]) == ("refused", "internal")
    assert worker.end() == 2


def test_no_announcement_is_refused(bare: Host) -> None:
    bare.agent = "latest"
    assert bare.boot(BOOT).next().json()["error"]["code"] == "bad-request"


def test_the_refusal_of_constrained_language_is_a_sound_frame() -> None:
    """Constrained language cannot compute a checksum, so the frame's is a constant of the text."""
    text = BOOT.split("$text = '", 1)[1].split("'", 1)[0]
    assert f"TSD1 E 0 {len(text)} {zlib.crc32(text.encode()):08x}`n$text`n" in BOOT
    assert json.loads(text)["error"]["code"] == "unsupported"


def test_constrained_language_is_refused(bare: Host) -> None:
    constrain = "$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'; "
    process = bare.popen("-Command", constrain + ". " + str(AGENT / "boot.ps1"))
    output, _ = process.communicate(timeout=30)
    (frame,) = FrameDecoder().feed(output)
    assert (frame.kind, frame.json()["event"]) == ("E", "refused")


def test_what_travels_fits_an_environment_variable_and_is_ascii() -> None:
    made = bundle()
    assert len(made.boot) < 8_000
    made.boot.encode("ascii")
    assert made.sha256 == hashlib.sha256(made.text).hexdigest()
    assert made == bundle.__wrapped__()
    assert b"\r" not in made.text


def test_parts_come_in_a_fixed_order_whatever_the_disk_says(tmp_path: Path) -> None:
    for name in (
        "facts/a.ps1",
        "primitives/z.ps1",
        "core/exports.ps1",
        "core/b.ps1",
        "core/prelude.ps1",
        "primitives/a.ps1",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("# part\r\n")
    order = [str(path.relative_to(tmp_path)) for path in parts(tmp_path)]
    assert order == [
        "core/prelude.ps1",
        "core/b.ps1",
        "primitives/a.ps1",
        "primitives/z.ps1",
        "facts/a.ps1",
        "core/exports.ps1",
    ]
    assert b"\r" not in join(parts(tmp_path))
    (tmp_path / "core/b.ps1").write_bytes("# größer\n".encode())
    with pytest.raises(ValueError, match=r"b\.ps1: byte 4 is not ASCII"):
        join(parts(tmp_path))


def test_the_executor_entry_is_kept_in_the_module(host: Host) -> None:
    script = f"$m = Import-Module -Name '{host.module}' -PassThru; [Console]::Out.Write((& $m {{ Get-ExecutorEntry }}))"
    out = subprocess.run([engine(), "-NoProfile", "-Command", script], capture_output=True, check=True, timeout=30)
    assert out.stdout.decode() == (AGENT / "executor.ps1").read_text().removesuffix("\n")


def test_the_sources_are_clean_for_windows_powershell() -> None:
    """The engine of the tests' own can lint; PowerShell itself cannot."""
    probe = subprocess.run([engine(), "--lint"], capture_output=True, check=False, timeout=60)
    if b"pwsh --lint FILE" not in probe.stderr + probe.stdout:
        pytest.skip("this PowerShell has no --lint")
    files = [str(path) for path in (*parts(AGENT), AGENT / "boot.ps1", AGENT / "executor.ps1")]
    lint = [engine(), "--lint", *files, "--warnings-as-errors"]
    done = subprocess.run(lint, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout.decode()
