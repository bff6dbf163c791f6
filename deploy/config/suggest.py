"""The nearest of the words that would have been right."""

import difflib
from collections.abc import Iterable


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that `word` was probably meant to be, or None."""
    found = difflib.get_close_matches(word.lower(), {choice.lower(): choice for choice in choices}, n=1, cutoff=0.6)
    return {choice.lower(): choice for choice in choices}[found[0]] if found else None


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Text for a problem's `next`: the nearest choice, or all of them."""
    known = sorted(choices)
    found = nearest(word, known)
    if found is not None:
        return f"did you mean {found!r}?"
    return f"choose one of: {', '.join(known)}" if known else ""
