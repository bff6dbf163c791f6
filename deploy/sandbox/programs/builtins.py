"""Commands that cmd.exe carries out itself."""

import os
import shutil
from pathlib import PureWindowsPath

from deploy.sandbox.machine.kernel import KernelError
from deploy.sandbox.programs.context import Context, Ended


def echo(context: Context) -> int:
    """Prints its text; `echo.` an empty line."""
    if context.text.strip():
        context.say(context.text)
    else:
        context.say("" if context.name != "echo" else "ECHO is on.")
    return 0


def change_directory(context: Context) -> int:
    """`cd`, `cd /d path`; without a path it prints where it is."""
    words = [word for word in context.arguments if word.lower() != "/d"]
    if not words:
        context.say(str(context.session.directory))
        return 0
    target = _normal(context.path(" ".join(words)))
    if not context.host.local(target).is_dir():
        context.complain("The system cannot find the path specified.")
        return 1
    context.session.directory = target
    return 0


def set_variable(context: Context) -> int:
    """`set NAME=value`, `set NAME=`, `set PREFIX`, `set`."""
    text = context.text.strip()
    if text.startswith('"') and text.endswith('"'):
        text = text[1:-1]
    name, equals, value = text.partition("=")
    if equals:
        context.session.put(name.strip(), value or None)
        return 0
    found = sorted(
        (key, value)
        for key, value in context.session.environment.items()
        if key.upper().startswith(name.strip().upper())
    )
    for key, value in found:
        context.say(f"{key}={value}")
    if not found:
        context.complain(f"Environment variable {name} not defined")
    return 0 if found else 1


def leave(context: Context) -> int:
    """`exit [/b] [code]`."""
    words = [word for word in context.arguments if word.lower() != "/b"]
    code = int(words[0]) if words and words[0].lstrip("-").isdigit() else context.session.errorlevel
    raise Ended(code)


def show_version(context: Context) -> int:
    """`ver`."""
    context.say("")
    context.say(f"Microsoft Windows [Version 10.0.{context.host.kernel.system()['build']}]")
    return 0


def nothing(_context: Context) -> int:
    """`rem`, `chcp`, `title`: no effect here."""
    return 0


def show_files(context: Context) -> int:
    """`type file …`."""
    code = 0
    for word in context.arguments:
        file = context.host.local(context.path(word))
        if file.is_file():
            with file.open("rb") as content:
                while data := content.read(65536):
                    context.streams.out(data)
        else:
            context.complain("The system cannot find the file specified.")
            code = 1
    return code


def list_directory(context: Context) -> int:
    """`dir [/b] [path]`; the long form has name and size only."""
    bare = any(word.lower() == "/b" for word in context.arguments)
    paths = [word for word in context.arguments if not word.startswith("/")]
    path = _normal(context.path(paths[0]) if paths else context.session.directory)
    local = context.host.local(path)
    if not local.exists():
        context.complain("File Not Found")
        return 1
    entries = sorted(local.iterdir(), key=lambda entry: entry.name.lower()) if local.is_dir() else [local]
    if not bare:
        context.say(f" Directory of {path}\r\n")
    for entry in entries:
        size = "<DIR>         " if entry.is_dir() else f"{entry.stat().st_size:14,}"
        context.say(entry.name if bare else f"{size} {entry.name}")
    return 0


def make_directory(context: Context) -> int:
    """`mkdir path`, with its parents."""
    for word in context.arguments:
        local = context.host.local(context.path(word))
        if local.exists():
            context.complain(f"A subdirectory or file {word} already exists.")
            return 1
        local.mkdir(parents=True)
    return 0


def remove_directory(context: Context) -> int:
    """`rmdir [/s] [/q] path`."""
    everything = any(word.lower() == "/s" for word in context.arguments)
    for word in (word for word in context.arguments if not word.startswith("/")):
        local = context.host.local(context.path(word))
        if not local.is_dir():
            context.complain("The system cannot find the file specified.")
            return 2
        if everything:
            shutil.rmtree(local)
        elif any(local.iterdir()):
            context.complain("The directory is not empty.")
            return 145
        else:
            local.rmdir()
    return 0


def delete_files(context: Context) -> int:
    """`del file …`; as on Windows it succeeds when there is none."""
    for word in (word for word in context.arguments if not word.startswith("/")):
        local = context.host.local(context.path(word))
        if local.is_file():
            local.unlink()
        else:
            context.complain(f"Could Not Find {context.path(word)}")
    return 0


def copy_file(context: Context) -> int:
    """`copy [/y] from to`."""
    words = [word for word in context.arguments if not word.startswith("/")]
    source, target = (context.host.local(context.path(word)) for word in words)
    if not source.is_file():
        context.complain("The system cannot find the file specified.")
        return 1
    shutil.copyfile(source, target / source.name if target.is_dir() else target)
    context.say("        1 file(s) copied.")
    return 0


def _normal(path: PureWindowsPath) -> PureWindowsPath:
    """Without `..` and `.`; raises KernelError for one that leads above the drive."""
    parts: list[str] = []
    for part in path.parts[1:]:
        if part == os.pardir:
            if not parts:
                raise KernelError(3, "The system cannot find the path specified.")
            parts.pop()
        else:
            parts.append(part)
    return PureWindowsPath(path.anchor, *parts)
