"""The programs by name, without .exe."""

from collections.abc import Callable

from deploy.sandbox.programs import builtins, reg, sc, tools
from deploy.sandbox.programs.context import Context

PROGRAMS: dict[str, Callable[[Context], int]] = {
    "cd": builtins.change_directory,
    "chcp": builtins.nothing,
    "chdir": builtins.change_directory,
    "copy": builtins.copy_file,
    "del": builtins.delete_files,
    "dir": builtins.list_directory,
    "echo": builtins.echo,
    "echo.": builtins.echo,
    "echo:": builtins.echo,
    "exit": builtins.leave,
    "findstr": tools.findstr,
    "hostname": tools.hostname,
    "md": builtins.make_directory,
    "mkdir": builtins.make_directory,
    "ping": tools.wait,
    "rd": builtins.remove_directory,
    "reg": reg.run,
    "rem": builtins.nothing,
    "rmdir": builtins.remove_directory,
    "sc": sc.run,
    "set": builtins.set_variable,
    "systeminfo": tools.systeminfo,
    "taskkill": tools.taskkill,
    "tasklist": tools.tasklist,
    "timeout": tools.wait,
    "title": builtins.nothing,
    "type": builtins.show_files,
    "ver": builtins.show_version,
    "whoami": tools.whoami,
}
