"""Each verb's undo after nothing, half or all of its step, and after somebody took away what it was about.

An undo that raises for good leaves the transaction stuck, and the services that are undone after it down.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.unit.agent_primitives.conftest import WholeHost
from tests.unit.agent_primitives.listeners import Listener

TOY = (Path(__file__).parent / "toy_services.ps1").read_text("ascii")
REMOVED = "$toy.Exists = $false; $toy.Id = 0"
MARKED = "$toy.Leaving = $true"
MARKED_AND_STOPPED = f"{MARKED}; $toy.State = 'Stopped'; $toy.Id = 0"
DISABLED = "$toy.Start = 'disabled'"
STOPPED = "$toy.State = 'Stopped'; $toy.Id = 0"
ALL_OF_A_STOP = f"{DISABLED}; {STOPPED}"
TWICE = """
foreach ($time in 1, 2) { & $entry.Undo $arguments $undo $context }
"""


@dataclass(frozen=True)
class Case:
    """`before`: the world at the capture; `meanwhile`: what a dead step and other people made of it."""

    verb: str
    meanwhile: str
    left: str
    before: str = ""
    more: str = ""


GONE = "absent"
CASES = {
    "stop, nothing": Case("stop", "", "Running auto old.exe"),
    "stop, half": Case("stop", DISABLED, "Running auto old.exe"),
    "stop, all": Case("stop", ALL_OF_A_STOP, "Running auto old.exe"),
    "stop, and a boot started another": Case("stop", "$toy.Id = 9", "Running auto old.exe"),
    "stop, removed": Case("stop", REMOVED, GONE),
    "stop, marked for deletion": Case("stop", MARKED, "Running auto old.exe"),
    "stop, all, marked for deletion": Case("stop", f"{DISABLED}; {MARKED_AND_STOPPED}", "Stopped disabled old.exe"),
    "stop of a stopped one, half": Case("stop", DISABLED, "Stopped auto old.exe", STOPPED),
    "stop of one that ran disabled": Case("stop", ALL_OF_A_STOP, "Running disabled old.exe", DISABLED),
    "stop of one that ran disabled, nothing": Case("stop", "", "Running disabled old.exe", DISABLED),
    "start, nothing": Case("start", "", "Stopped disabled old.exe", STOPPED),
    "start, half": Case("start", "$toy.State = 'StartPending'; $toy.Id = 8", "Stopped disabled old.exe", STOPPED),
    "start, all": Case("start", "$toy.State = 'Running'; $toy.Id = 8", "Stopped disabled old.exe", STOPPED),
    "start, removed": Case("start", REMOVED, GONE, STOPPED),
    "start, marked for deletion": Case("start", MARKED, GONE),
    "start, marked and stopped": Case("start", MARKED_AND_STOPPED, "Stopped auto old.exe"),
    "start type, nothing": Case("start_type", "", "Running auto old.exe"),
    "start type, all": Case("start_type", DISABLED, "Running auto old.exe"),
    "start type, removed": Case("start_type", REMOVED, GONE),
    "start type, marked for deletion": Case("start_type", MARKED, "Running auto old.exe"),
    "configure, nothing": Case("configure", "", "Running auto old.exe"),
    "configure, half": Case("configure", "$toy.Path = 'new.exe'", "Running auto old.exe"),
    "configure, removed": Case("configure", REMOVED, GONE),
    "configure, marked for deletion": Case("configure", f"$toy.Path = 'new.exe'; {MARKED}", "Running auto new.exe"),
    "drain, removed": Case("drain", REMOVED, GONE, more="; undo_url = 'http://127.0.0.1:1/'; done = $null"),
    "drain, stopped": Case("drain", STOPPED, "Stopped auto old.exe", more="; undo_url = 'http://127.0.0.1:1/'"),
}


def undone(case: Case) -> str:
    """The expression: capture, what happened, the undo twice, for one that was cut off is done again."""
    return f"""
{TOY}
$entry = (Get-PrimitiveTable)['service.{case.verb}']
$arguments = [PSCustomObject]@{{ name = 'S'; ports = @(); on_timeout = 'stuck'{case.more} }}
$context = @{{ Platform = (New-Platform); DeadlineUp = (Get-UptimeSecond) + 20 }}
{case.before}
$undo = if ($null -ne $entry.Capture) {{ ConvertTo-PlainObject -Value (& $entry.Capture $arguments $context) }}
{case.meanwhile}
{TWICE}
if ($toy.Exists) {{ "$($toy.State) $($toy.Start) $($toy.Path)" }} else {{ '{GONE}' }}
"""


def test_a_service_is_as_it_was_or_gone_and_no_undo_raises(host: WholeHost) -> None:
    found = host.evaluate(*(undone(case) for case in CASES.values()))
    assert dict(zip(CASES, found, strict=True)) == {name: case.left for name, case in CASES.items()}


def test_no_verb_with_an_undo_is_forgotten(host: WholeHost) -> None:
    (verbs,) = host.evaluate("$t = Get-PrimitiveTable; , @($t.Keys | Where-Object { $t[$_].Undo } | Sort-Object)")
    tested = {f"service.{case.verb}" for case in CASES.values()} | set(FILE_VERBS)
    assert set(verbs) - tested == {"registry.set"}, "it needs Windows: tests/contract has its undo"


FILE_VERBS = ("file.put", "file.fetch", "secret.put")
FOLDER = "[void][IO.Directory]::CreateDirectory($folder)"
BESIDE = f"{FOLDER}; [IO.File]::WriteAllText((Get-BesideName -Path $path), 'ne')"
ALL = f"{FOLDER}; [IO.File]::WriteAllText($path, 'new')"
FILE_CASES = {
    "nothing": "",
    "its folder": FOLDER,
    "beside": BESIDE,
    "beside, and the old one gone": f"{BESIDE}; [IO.File]::Delete($path)",
    "all": ALL,
    "all, read-only": f"{ALL}; [IO.File]::SetAttributes($path, 'ReadOnly')",
    "removed with its folder": "if ([IO.Directory]::Exists($folder)) { [IO.Directory]::Delete($folder, $true) }",
}


def undone_file(verb: str, path: Path, kept: Path, root: Path, meanwhile: str) -> str:
    return f"""
$path = '{path}'; $folder = '{path.parent}'
$entry = (Get-PrimitiveTable)['{verb}']
$arguments = [PSCustomObject]@{{ path = $path }}
$context = @{{ Root = '{root}'; UndoBytes = '{kept}' }}
$undo = ConvertTo-PlainObject -Value (& $entry.Capture $arguments $context)
{meanwhile}
{TWICE}
"""


@pytest.mark.parametrize("before", ["old", None], ids=["there was one", "there was none"])
def test_a_file_is_as_it_was_and_no_undo_raises(
    host: WholeHost, folder: Path, tmp_path: Path, before: str | None
) -> None:
    expressions: list[str] = []
    paths: dict[tuple[str, str], Path] = {}
    for verb in FILE_VERBS:
        for name, meanwhile in FILE_CASES.items():
            at = len(paths)
            path = paths[verb, name] = folder / str(at) / "below" / "x"
            if before is not None:
                path.parent.mkdir(parents=True)
                path.write_text(before)
            expressions.append(undone_file(verb, path, tmp_path / str(at), host.root, meanwhile))
    assert host.evaluate(*expressions) == [None] * len(paths)
    found = {key: path.read_text() if path.exists() else None for key, path in paths.items()}
    assert found == dict.fromkeys(paths, before)
    assert [path for path in folder.rglob("*") if path.name.endswith("tsd-new")] == []


def test_bytes_that_are_nowhere_any_more_are_told(host: WholeHost, folder: Path, tmp_path: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "x").write_text("old")
    lost = f"[IO.File]::Delete($path); [IO.File]::Delete('{tmp_path / 'kept'}')"
    (error,) = host.evaluate(undone_file("file.put", folder / "x", tmp_path / "kept", host.root, lost))
    assert error["code"] == "missing"
    assert str(folder / "x") in error["message"]


def test_a_registry_value_without_a_type_is_kept_as_bytes(host: WholeHost) -> None:
    raw = "@{ Kind = 'None'; Value = [byte[]](1, 255) }"
    saved, back = host.evaluate(
        f"ConvertTo-SavedValue -Raw {raw}",
        f"$b = ConvertFrom-SavedValue -Saved (ConvertTo-SavedValue -Raw {raw}); @($b.GetType().Name, $b[0], $b[1])",
    )
    assert saved == {"kind": "None", "value": "01ff"}
    assert back == ["Byte[]", 1, 255]


DRAIN = """
function Get-ServiceState {{ param($Name) @{{ Exists = $true; State = 'Running'; Id = 7 }} }}
$done = [PSCustomObject]@{{ url = '{url}/health'; field = 'draining'; equals = $true }}
$arguments = [PSCustomObject]@{{ name = 'S'; undo_url = '{url}/resume'; done = {done} }}
$clock = @{{ Now = 0.0 }}
$platform = @{{ Uptime = {{ $clock.Now += 5.0; $clock.Now }}; Sleep = {{ }} }}
$context = @{{ Platform = $platform; DeadlineUp = 40.0 }}
& (Get-PrimitiveTable)['service.drain'].Undo $arguments ([PSCustomObject]@{{ ran = $true }}) $context
"""


@pytest.mark.parametrize(
    ("resume", "health", "done", "raises"),
    [
        (200, b'{"draining": true}', "$done", False),
        (404, b'{"draining": false}', "$done", False),
        (409, b'{"draining": false}', "$done", False),
        (404, b'{"draining": true}', "$done", True),
        (404, b'{"other": 1}', "$done", True),
        (404, b"no JSON", "$done", True),
        (404, b'{"draining": false}', "$null", True),
    ],
)
def test_a_drain_is_taken_back_unless_the_service_says_that_there_is_none(
    host: WholeHost, http: Listener, resume: int, health: bytes, done: str, raises: bool
) -> None:
    http.answers |= {"/resume": [(resume, b"")], "/health": [(200, health)]}
    (answer,) = host.evaluate(DRAIN.format(url=http.url, done=done))
    got: Any = answer["code"] if raises else answer
    assert got == ("timeout" if raises else None)
    assert ("POST", "/resume") in [(verb, path) for verb, path, _ in http.seen]
