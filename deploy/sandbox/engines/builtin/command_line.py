"""Command lines as Windows splits them (CommandLineToArgvW)."""

import re

_BLANKS = " \t"
_ESCAPED = re.compile(r'(\\*)"')


def split_command_line(text: str) -> list[str]:
    """The arguments of a command line; the first one is the program."""
    arguments: list[str] = []
    rest = text.strip(_BLANKS)
    while rest:
        argument, rest = _take(rest)
        arguments.append(argument)
        rest = rest.lstrip(_BLANKS)
    return arguments


def _take(text: str) -> tuple[str, str]:
    """The first argument of `text`, and what follows it. Backslashes count only in front of a quote."""
    out: list[str] = []
    quoted = False
    at = 0
    while at < len(text) and (quoted or text[at] not in _BLANKS):
        match = _ESCAPED.match(text, at)
        if match is None:
            out.append(text[at])
            at += 1
            continue
        slashes = len(match.group(1))
        out.append("\\" * (slashes // 2))
        at = match.end()
        if slashes % 2:
            out.append('"')
        elif quoted and text[at : at + 1] == '"':
            out.append('"')
            at += 1
        else:
            quoted = not quoted
    return "".join(out), text[at:]
