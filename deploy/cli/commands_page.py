"""docs/commands.md, written from the tasks themselves: `python -m deploy.cli.commands_page`."""

import importlib
import inspect
import os
from typing import Any

from invoke.collection import Collection
from invoke.tasks import Task

from deploy.config.project import Project
from deploy.model.run import Exit

PAGE = "docs/commands.md"
EXIT_MEANINGS: dict[Exit, str] = {
    Exit.OK: "done, or nothing to do",
    Exit.USAGE: "the command line or a configuration file is wrong, or a defect (then with a traceback)",
    Exit.REFUSED: "refused; nothing was touched",
    Exit.FAILED: "failed, in whole or in one failure domain; what failed serves its old release",
    Exit.HUMAN: "a human is needed: a host could not finish by itself",
    Exit.UNKNOWN: "can't tell: a host can't be asked",
    Exit.DIFFERENT: "differences were found (drift, verify)",
    Exit.INTERRUPTED: "interrupted; the report says where everything stands",
}
_HEAD = """\
<!-- Written by `python -m deploy.cli.commands_page` from tasks.py. Edit that. -->

# Commands

`./invoke TASK` sets everything up first; in an activated environment plain `invoke TASK` is the same.
`invoke TASK --help` shows what is below. Lists are separated by commas. One command line carries one task that changes
something. A task that changes hosts asks before it does; without a terminal it needs `--yes`, or `--plan` with the hash
of an approved plan.

With `--json`, stdout carries JSON only ([documents](json.md)); text for people goes to stderr. Errors always go to
stderr. `NO_COLOR` is obeyed. Ctrl-C once: nothing new begins, what is under way ends or undoes itself, and the report
says where everything stands. Twice: the controller leaves, and the hosts settle by themselves.
"""


def commands_page(namespace: Collection) -> str:
    """The page: all tasks with options and examples, then the exit codes."""
    names = sorted(namespace.task_names, key=lambda name: ("." in name, name))
    parts = [_HEAD, "| task | what it does |", "| --- | --- |"]
    parts += [f"| [`{name}`](#{_anchor(name)}) | {_summary(namespace[name])} |" for name in names]
    parts += ["", "## Exit codes", "", "| code | meaning |", "| --- | --- |"]
    parts += [f"| {int(code)} | {meaning} |" for code, meaning in EXIT_MEANINGS.items()]
    for name in names:
        parts += ["", *_task(name, namespace[name])]
    return "\n".join(parts) + "\n"


def _task(name: str, task: Task[Any]) -> list[str]:
    lines = [f"## {name}", "", _summary(task), "", "```", _example(task), "```"]
    rows = [_option(argument) for argument in _arguments(task)]
    return [*lines, "", "| option | default | meaning |", "| --- | --- | --- |", *rows] if rows else lines


def _arguments(task: Task[Any]) -> list[Any]:
    """The options. invoke takes their help out of the task when it is asked: it is put back for whoever asks next."""
    kept = dict(task.help)
    found = list(task.get_arguments())
    task.help = kept
    return found


def _option(argument: Any) -> str:
    flag = f"--{argument.name.replace('_', '-')}"
    value = "" if argument.kind is bool else f" {argument.name.replace('_', '-').upper()}"
    default = f"`{argument.default}`" if argument.default not in (None, False) else ""
    return f"| `{flag}{value}` | {default} | {(argument.help or '').replace('|', chr(92) + '|')} |"


def _doc(task: Task[Any]) -> list[str]:
    return inspect.cleandoc(task.__doc__ or "").splitlines()


def _summary(task: Task[Any]) -> str:
    return _doc(task)[0]


def _example(task: Task[Any]) -> str:
    """Every task has one; AssertionError for one that hasn't."""
    found = [line.removeprefix("Example: ") for line in _doc(task) if line.startswith("Example: ")]
    assert found, f"{task.name} has no example"
    return "\n".join(found)


def _anchor(name: str) -> str:
    return name.replace(".", "")


def main() -> None:
    """Writes the page into the project."""
    page = commands_page(importlib.import_module("tasks").namespace)
    (Project.find(os.environ).root / PAGE).write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
