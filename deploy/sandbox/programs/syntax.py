"""Command lines as cmd.exe reads them: variables, chaining, pipes, redirections. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Operator = Literal["", "&", "&&", "||"]
_VARIABLE = re.compile(r"%([^%\s=]+)%")
_REDIRECTION = re.compile(r"([012]?)(>>|>|<)(?:&([012])|\s*(\"[^\"]*\"|[^\s&|<>]+))")


class SyntaxFault(Exception):  # noqa: N818  # what cmd.exe says about it is its text
    """The line means nothing."""


@dataclass(frozen=True, slots=True)
class Redirection:
    """`2>nul` is (2, ">", "nul"); `2>&1` is (2, "&", "1"); `<file` is (0, "<", "file")."""

    handle: int
    kind: Literal[">", ">>", "<", "&"]
    target: str


@dataclass(frozen=True, slots=True)
class Simple:
    """One command: its text as it was written, without its redirections."""

    text: str
    redirections: tuple[Redirection, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """Commands joined by pipes, and what joins them to the step before."""

    operator: Operator
    pipeline: tuple[Simple, ...]


def expand(line: str, environment: Mapping[str, str]) -> str:
    """Replaces %NAME%, in any case; a name that is not set stays as it is."""
    values = {name.upper(): value for name, value in environment.items()}
    return _VARIABLE.sub(lambda match: values.get(match[1].upper(), match[0]), line)


def parse(line: str) -> tuple[Step, ...]:
    """The steps of a line; raises SyntaxFault where a command is missing."""
    steps: list[Step] = []
    operator: Operator = ""
    pipeline: list[Simple] = []
    for text, separator in _split(line):
        if not text.strip():
            if separator or operator in {"&&", "||"} or pipeline:
                raise SyntaxFault
            break
        pipeline.append(_simple(text))
        if separator == "|":
            continue
        steps.append(Step(operator, tuple(pipeline)))
        pipeline = []
        operator = separator  # type: ignore[assignment]  # only & and its doubles are left
    if pipeline or operator in {"&&", "||"}:
        raise SyntaxFault
    return tuple(steps)


def unquote_command(text: str) -> str:
    """What `cmd /c` does to its text: a leading quote goes, and the last one with it."""
    text = text.strip()
    if not text.startswith('"'):
        return text
    before, _, after = text[1:].rpartition('"')
    return before + after if before or after else text


def _split(line: str) -> list[tuple[str, str]]:
    """Pieces between & && || | outside of quotes, each with the separator behind it."""
    pieces: list[tuple[str, str]] = []
    current, quoted, at = "", False, 0
    while at < len(line):
        char, two = line[at], line[at : at + 2]
        if char == '"':
            quoted = not quoted
        elif char == "^" and not quoted:
            current += two
            at += 2
            continue
        elif not quoted and char in "&|" and not current.endswith(">"):
            separator = two if two in {"&&", "||"} else char
            pieces.append((current, separator))
            current = ""
            at += len(separator)
            continue
        current += char
        at += 1
    return [*pieces, (current, "")]


def _simple(text: str) -> Simple:
    found: list[Redirection] = []
    kept, quoted, at = "", False, 0
    while at < len(text):
        char = text[at]
        if char == "^" and not quoted:
            kept += text[at + 1 : at + 2]
            at += 2
            continue
        digit_begins_word = char in "<>" or (char.isdigit() and (at == 0 or text[at - 1].isspace()))
        match = _REDIRECTION.match(text, at) if digit_begins_word and not quoted else None
        if match:
            found.append(_redirection(match))
            at = match.end()
            continue
        if char == '"':
            quoted = not quoted
        kept += char
        at += 1
    return Simple(kept.lstrip().lstrip("@"), tuple(found))  # what follows echo keeps its trailing blanks


def _redirection(match: re.Match[str]) -> Redirection:
    number, kind, duplicate, target = match.groups()
    handle = int(number) if number else (0 if kind == "<" else 1)
    if duplicate:
        return Redirection(handle, "&", duplicate)
    return Redirection(handle, kind, target.strip('"'))  # type: ignore[arg-type]  # the pattern admits only kinds
