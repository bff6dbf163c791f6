import stat
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.model.problem import Refused
from deploy.releases.archive import check_packed, folder_files, pack, read_packed

FILES = st.dictionaries(st.from_regex(r"[a-f]{1,3}(/[g-k]{1,3})?", fullmatch=True), st.binary(max_size=200), min_size=1)


def write(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def disjoint(files: dict[str, bytes]) -> bool:
    return not any(other.startswith(f"{name}/") for name in files for other in files)


@given(FILES.filter(disjoint))
@settings(max_examples=40, deadline=None)
def test_same_input_gives_same_bytes_and_what_is_unpacked_is_the_manifest(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "one", files)
        write(folder / "two", dict(reversed(files.items())))
        for path in (folder / "two").rglob("*"):
            path.chmod(stat.S_IRWXU)
        first = pack(folder_files(folder / "one"), folder / "1.zip")
        second = pack(folder_files(folder / "two"), folder / "2.zip")
        assert (folder / "1.zip").read_bytes() == (folder / "2.zip").read_bytes()
        assert first == second
        assert read_packed(folder / "1.zip", "1.zip") == first
        with zipfile.ZipFile(folder / "1.zip") as archive:
            archive.extractall(folder / "out")
        assert {n: p.read_bytes() for n, p in folder_files(folder / "out").items()} == files


@pytest.mark.parametrize(
    ("name", "part"),
    [("../evil", "'..'"), ("/evil", "absolute"), ("C:/evil", "drive"), ("a\\b", "backslash"), ("NUL", "device")],
)
def test_foreign_zip_with_a_forbidden_member_is_refused(tmp_path: Path, name: str, part: str) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as target:
        target.writestr(zipfile.ZipInfo(name), b"")
    with pytest.raises(Refused, match=r"^runtime: ") as caught:
        read_packed(tmp_path / "x.zip", "runtime")
    assert part in str(caught.value)


def test_link_and_duplicate_in_a_foreign_zip_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as target:
        target.writestr(link, b"/etc/passwd")
    with pytest.raises(Refused, match="is a link"):
        read_packed(tmp_path / "link.zip", "x")
    with zipfile.ZipFile(tmp_path / "twice.zip", "w") as target:
        target.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            target.writestr("a", b"2")
    with pytest.raises(Refused, match="is there twice"):
        read_packed(tmp_path / "twice.zip", "x")


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04" + b"\x00" * 40])
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(Refused, match="cannot be read"):
        read_packed(tmp_path / "x.zip", "x")


def test_missing_changed_and_extra_members_are_all_named(tmp_path: Path) -> None:
    packed = pack({"same": b"1", "changed": b"2", "extra": b"3"}, tmp_path / "x.zip")
    files = {"same": packed.files["same"], "changed": "0" * 64, "gone": "0" * 64}
    with pytest.raises(Refused) as caught:
        check_packed(packed, files, "x")
    assert {(p.where, p.what.split()[-1]) for p in caught.value.problems} == {
        ("x: changed", "changed"),
        ("x: gone", "archive"),
        ("x: extra", "manifest"),
    }


@pytest.mark.parametrize("target", ["/etc/hostname", "lib"])
def test_links_in_a_source_are_refused(tmp_path: Path, target: str) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(Refused, match="'link' is a link"):
        folder_files(tmp_path)
