"""What is kept of a dead worker's words."""

import pytest

from deploy.winrm.shell import both_ends


@pytest.mark.parametrize("piece", [1, 7, 333, 5_000, 100_000])
def test_both_ends_are_kept_whatever_pieces_they_came_in(piece: int) -> None:
    said = b"Unhandled exception: the reason\n" + b"   at a frame of the stack\n" * 1_000 + b"the last line"
    kept = b""
    for at in range(0, len(said), piece):
        kept = both_ends(kept + said[at : at + piece])
    assert kept == said[:2_000] + b"\n[...]\n" + said[-2_000:]


def test_little_is_kept_whole() -> None:
    assert both_ends(b"x" * 4_000) == b"x" * 4_000
