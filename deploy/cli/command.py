"""The rim of every command: what it raises becomes words and an exit code."""

import os
import shlex
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from deploy.cli.output import Output, reader_is_gone
from deploy.config.project import Project
from deploy.execution.clock import SystemClock, stamp
from deploy.execution.target import TargetLost, TargetRefused
from deploy.model.problem import Problem, Refused, UsageError
from deploy.model.run import Exit, Outcome

Document = Callable[[Iterable[Problem], Exit], dict[str, Any]]


def finish(work: Callable[..., Exit], arguments: tuple[Any, ...], *, as_json: bool, events: bool = False) -> int:
    """Runs `work(project, *arguments, output)` and gives its exit code. Only a defect leaves as a traceback.

    `events`: the command's JSON is a stream of events, so a refusal is its `end` too.
    """
    output = Output(as_json)
    document = end_document if events else error_document
    try:
        _refuse_empty(arguments)
        return int(work(Project.find(os.environ), *arguments, output))
    except (UsageError, Refused) as exc:
        return _told(output, exc.problems, Exit.USAGE if isinstance(exc, UsageError) else Exit.REFUSED, document)
    except (TargetRefused, TargetLost) as exc:
        return _told(output, (exc.problem,), Exit.FAILED if isinstance(exc, TargetRefused) else Exit.UNKNOWN, document)
    except KeyboardInterrupt:
        output.text("interrupted")
        return int(Exit.INTERRUPTED)
    except BrokenPipeError:
        # What isn't written through Output, such as a table: its reader went away, which is nobody's failure.
        reader_is_gone(output.stdout)
        return int(Exit.OK)


def _refuse_empty(arguments: tuple[Any, ...]) -> None:
    """An option that was given without a value is a slip (an unset variable, say), never a wish for the default."""
    options = {key: value for item in arguments if isinstance(item, dict) for key, value in item.items()}
    empty = [key for key, value in options.items() if isinstance(value, str) and not value.strip(" ,")]
    if empty:
        raise UsageError(
            *(
                Problem(
                    "empty-option", f"--{key.replace('_', '-')}", "is empty", "a value", "give one, or leave it out"
                )
                for key in empty
            )
        )


def as_typed() -> str:
    """The command line as it was typed, to be typed again with something added."""
    return shlex.join(["invoke", *sys.argv[1:]])


def _told(output: Output, problems: Iterable[Problem], code: Exit, document: Document) -> int:
    found = list(problems)
    for problem in found:
        output.problem(problem)
    output.document(document(found, code))
    return int(code)


def end_document(problems: Iterable[Problem], code: Exit) -> dict[str, Any]:
    """The event `end` of a deploy or rollback that was refused before it was a run."""
    ended = {
        "event": "end",
        "ts": stamp(SystemClock()),
        "run": None,
        "outcome": str(Outcome.REFUSED),
        "exit": int(code),
    }
    nothing: dict[str, Any] = {"from": None, "to": None, "report": None, "requests": {}, "outage_s": {}}
    return {"schema": "event/1", "env": None, **ended, **nothing, "problems": [asdict(item) for item in problems]}


def error_document(problems: Iterable[Problem], code: Exit) -> dict[str, Any]:
    """What `--json` answers when a command was wrong or refused."""
    return {"schema": "error/1", "env": None, "exit": int(code), "problems": [asdict(item) for item in problems]}


def required(option: str, value: str | None, choices: Iterable[str], example: str) -> str:
    """The value of an option that must be given."""
    if value:
        return value
    known = ", ".join(choices)
    raise UsageError(Problem("missing-option", f"--{option}", "is missing", known and f"one of {known}", example))


def comma_list(value: str | None) -> tuple[str, ...]:
    """`a,b` as a tuple; empty parts fall away."""
    return tuple(part.strip() for part in (value or "").split(",") if part.strip())
