"""Command lines as Windows reads them (CommandLineToArgvW)."""


def split(line: str) -> list[str]:
    """The arguments: quotes group, 2n backslashes before a quote are n, after 2n + 1 the quote is literal."""
    arguments: list[str] = []
    current, quoted, begun, at = "", False, False, 0
    while at < len(line):
        char = line[at]
        if char == "\\":
            run = len(line[at:]) - len(line[at:].lstrip("\\"))
            at += run
            if line[at : at + 1] == '"':
                current += "\\" * (run // 2)
                if run % 2:
                    current += '"'
                    at += 1
            else:
                current += "\\" * run
            begun = True
            continue
        if char == '"':
            quoted, begun = not quoted, True
        elif char in " \t" and not quoted:
            if begun:
                arguments.append(current)
            current, begun = "", False
        else:
            current += char
            begun = True
        at += 1
    return [*arguments, current] if begun else arguments


def candidates(line: str) -> list[tuple[str, str]]:
    """The programs that CreateProcess tries, each with the rest: an unquoted path may hold spaces."""
    line = line.strip()
    if line.startswith('"'):
        program, _, rest = line[1:].partition('"')
        return [(program, rest.strip())]
    words = line.split(" ")
    return [(" ".join(words[:count]), " ".join(words[count:]).strip()) for count in range(1, len(words) + 1)]
