"""What went wrong, in four parts: where, what, what was expected, what to type next."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal or a warning. `code` is stable and lower-case with hyphens, for scripts."""

    code: str
    where: str
    what: str
    expected: str = ""
    next: str = ""

    def __str__(self) -> str:
        tail = f"; expected {self.expected}" if self.expected else ""
        return f"{self.where}: {self.what}{tail}" + (f"\n  Next: {self.next}" if self.next else "")


class Refused(Exception):  # noqa: N818  # the event's name, as in "outcome: refused"
    """Nothing was touched; `problems` say why. Exit code 2."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class UsageError(Exception):
    """The command line or a configuration file is wrong; `problems` say where. Exit code 1."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems
