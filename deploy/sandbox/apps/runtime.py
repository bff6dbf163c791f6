"""A runtime asked for its version: `dotnet.exe --version`, `node.exe --version`, `python.exe --version`."""

import sys
from collections.abc import Sequence

from deploy.sandbox.apps.host import Host

_FORMS = {"dotnet": "{}", "node": "v{}", "python": "Python {}"}


def tell_version(host: Host, arguments: Sequence[str]) -> int:
    """Prints the version, the third word of the program's first line; anything else it can't do."""
    if list(arguments) != ["--version"]:
        print(f"{host.image}: this stand-in only knows --version", file=sys.stderr)  # noqa: T201
        return 2
    words = host.local(host.image).read_text("utf-8").split()
    print(_FORMS[host.kind].format(words[2]))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(tell_version(Host(), sys.argv[1:]))
