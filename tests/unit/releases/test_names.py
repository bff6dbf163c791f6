import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.releases.names import MAX_MEMBER, collisions, member_fault, too_long


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("/etc/passwd", "absolute"),
        ("\\\\server\\share\\x", "absolute or names a share"),
        ("//server/share", "absolute"),
        ("C:/x", "drive"),
        ("c:x", "drive"),
        ("a.txt:stream", "alternate data stream"),
        ("lib\\a.dll", "backslash"),
        ("..", "'..'"),
        ("a/../../b", "'..'"),
        ("a/./b", "'.'"),
        ("a//b", "''"),
        ("a/", "''"),
        ("", "''"),
        ("CON", "device"),
        ("lib/nul.txt", "device"),
        ("com1", "device"),
        ("LPT9.log", "device"),
        ("aux .x", "device"),
        ("COM¹", "device"),
        ("name.", "dot or a space"),
        ("folder /x", "dot or a space"),
        ("a?b", "forbids"),
        ("a\x00b", "forbids"),
        ("a\nb", "forbids"),
        ("a\u202eb", "shown"),
        ("\udc80", "shown"),
        ("revision.json", "keeps for itself"),
        ("Revision.JSON", "keeps for itself"),
        ("a" * (MAX_MEMBER + 1), "longer"),
    ],
)
def test_bad_member_is_named_with_its_fault(name: str, part: str) -> None:
    assert part in (member_fault(name) or "")


@pytest.mark.parametrize(
    "name", ["a", ".hidden", "a..b/c", "Console.exe", "COM10", "lib/con-1.dll", "é/ü.txt", "a b.txt"]
)
def test_good_member(name: str) -> None:
    assert member_fault(name) is None


@pytest.mark.parametrize(
    ("names", "collides"),
    [
        (["a", "b"], False),
        (["a", "A"], True),
        (["lib/a", "Lib/b"], True),
        (["lib/a", "lib/b"], False),
        (["lib", "lib/b"], True),
        (["x/lib", "x/LIB/b"], True),
    ],
)
def test_collisions(names: list[str], collides: bool) -> None:
    assert bool(collisions(names)) is collides
    assert bool(collisions(reversed(names))) is collides


@given(st.text(max_size=30))
def test_accepted_names_stay_below_their_folder(name: str) -> None:
    if member_fault(name) is None:
        assert not set(name.split("/")) & {"", ".", ".."}
        assert not set(name) & set(':\\<>"|?*')


def test_path_limit_counts_the_folder_while_it_is_composed() -> None:
    folder = "C:\\" + "f" * 100
    room = 259 - len(folder) - len(".tmp-00\\")
    assert not too_long(folder, "x" * room)
    assert too_long(folder, "x" * (room + 1))
