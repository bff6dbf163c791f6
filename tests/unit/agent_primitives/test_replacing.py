"""Windows' ReplaceFile may stop halfway: no bytes are lost, and no file is taken for another one."""

from pathlib import Path

import pytest

from tests.unit.agent_primitives.conftest import WholeHost
from tests.unit.agent_primitives.test_primitive_files import digest

NOTHING_HAPPENED, OLD_IS_GONE, OLD_IS_ELSEWHERE = 1175, 1176, 1177
CODES = {NOTHING_HAPPENED: "busy", OLD_IS_GONE: "busy", OLD_IS_ELSEWHERE: "unexpected-state"}

HALFWAY = """
$tries = @{{ Count = 0 }}
function Move-FileOnce {{
    param($From, $To)
    $tries.Count++
    if ($tries.Count -gt {failures}) {{ [IO.File]::Move($From, $To); return }}
    if ({code} -ne 1175) {{ [IO.File]::Delete($To) }}
    throw (New-Object IO.IOException('told to fail', {result}))
}}
"""
WAYS = {
    "atomic": "Write-AtomicFile -Path '{path}' -Bytes ([Text.Encoding]::ASCII.GetBytes('new'))",
    "placed": (
        "Set-PlacedFile -Path '{path}' -Size 3 -Sha256 '{digest}' -Acl $null -Fill {{"
        " param($beside) [IO.File]::WriteAllText($beside, 'new'); @{{ Size = 3; Sha256 = '{digest}' }} }}"
    ),
}


def result_of(code: int) -> int:
    """The HRESULT of a Win32 error, as .NET gives it."""
    return (0x80070000 | code) - (1 << 32)


def halfway(way: str, path: Path, code: int, failures: int) -> str:
    text = HALFWAY.format(code=code, result=result_of(code), failures=failures)
    return text + WAYS[way].format(path=path, digest=digest(b"new"))


def test_what_replacing_fails_with(host: WholeHost) -> None:
    asked = [f"Get-ForeignErrorCode -Exception (New-Object IO.IOException('x', {result_of(code)}))" for code in CODES]
    assert host.evaluate(*asked) == list(CODES.values())


@pytest.mark.parametrize("way", WAYS)
def test_the_new_file_takes_the_place_of_one_that_a_failed_replace_removed(
    host: WholeHost, folder: Path, way: str
) -> None:
    folder.mkdir(parents=True)
    paths = {code: folder / str(code) for code in (OLD_IS_GONE, OLD_IS_ELSEWHERE)}
    for path in paths.values():
        path.write_text("old")
    assert host.evaluate(*(halfway(way, path, code, 2) for code, path in paths.items())) == [None, None]
    assert {path.name: path.read_text() for path in folder.iterdir()} == {str(code): "new" for code in paths}


@pytest.mark.parametrize("way", WAYS)
def test_the_last_copy_is_kept_and_told(host: WholeHost, folder: Path, way: str) -> None:
    folder.mkdir(parents=True)
    (folder / "x").write_text("old")
    (error,) = host.evaluate(halfway(way, folder / "x", OLD_IS_ELSEWHERE, 99))
    (left,) = folder.iterdir()
    assert (error["code"], error["actual"], left.read_text()) == ("unexpected-state", str(left), "new")


@pytest.mark.parametrize("way", WAYS)
def test_where_nothing_happened_the_old_one_stays_alone(host: WholeHost, folder: Path, way: str) -> None:
    folder.mkdir(parents=True)
    (folder / "x").write_text("old")
    (error,) = host.evaluate(halfway(way, folder / "x", NOTHING_HAPPENED, 99))
    assert error["code"] == "busy"
    assert [path.read_text() for path in folder.iterdir()] == ["old"]


def test_two_long_names_that_begin_alike_have_files_of_their_own_beside_them(host: WholeHost, folder: Path) -> None:
    """What a dead step left beside one is not what the other's undo removes."""
    one, other = (folder / ("x" * 254 + last) for last in "ab")
    beside = [Path(str(text)) for text in host.evaluate(*(f"Get-BesideName -Path '{path}'" for path in (one, other)))]
    assert len({path.name for path in beside}) == 2
    assert all(len(path.name) <= 255 and path.parent == folder for path in beside)
    folder.mkdir(parents=True)
    beside[1].write_text("the other's")
    undo = f"Restore-PlacedFile -Path '{one}' -Undo ([PSCustomObject]@{{ exists = $false }}) -Kept '{folder / 'kept'}'"
    assert host.evaluate(undo) == [None]
    assert [path.read_text() for path in folder.iterdir()] == ["the other's"]
