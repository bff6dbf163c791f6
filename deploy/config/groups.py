"""Groups of an inventory file: which of its names are groups, and who is in them."""

import re
from dataclasses import dataclass
from typing import Any

from deploy.model.problem import Problem, UsageError

CONNECTOR = "@tswinrm/"
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Group:
    """Members with their own data, in file order, and the group's data."""

    members: dict[str, dict[str, Any]]
    data: dict[str, Any]


def groups_of(where: str, environment: str, values: dict[str, Any]) -> dict[str, Group]:
    """All groups in file order, with `all` and the environment's own added where the file doesn't name them.

    pyinfra takes every public list for a group and silently skips what doesn't look like one; here the latter is
    refused, since a skipped group is a missed host. Raises UsageError with all problems.
    """
    problems: list[Problem] = []
    groups: dict[str, Group] = {}
    for name, value in values.items():
        if not name.startswith("_") and isinstance(value, list | tuple):
            groups[name] = _group(f"{where}: {name}", value, problems)
    everyone: dict[str, dict[str, Any]] = {host: {} for group in groups.values() for host in group.members}
    if "all" in groups:
        problems += [
            Problem(
                "not-in-all", f"{where}: all", f"host {host!r} is in a group, but not in `all`", "", "add it to `all`"
            )
            for host in everyone
            if host not in groups["all"].members
        ]
    if not everyone and not problems:
        problems.append(Problem("no-hosts", where, "no host in it", "a list of hosts for each group", "add a group"))
    if problems:
        raise UsageError(*problems)
    named = {name: group for name, group in groups.items() if name != "all"}
    complete = groups.get("all") or Group(dict(everyone), {})
    named.setdefault(environment, Group(complete.members, {}))
    return {"all": complete, **named}


def _group(where: str, value: list[Any] | tuple[Any, ...], problems: list[Problem]) -> Group:
    members, data = _parts(value)
    if members is None:
        problems.append(
            Problem(
                "not-a-group",
                where,
                "not a group of hosts",
                "[HOST, …] or ([HOST, …], {data})",
                f"put an underscore before its name if it is something else: _{where.rsplit(' ', 1)[1]}",
            )
        )
        return Group({}, {})
    found: dict[str, dict[str, Any]] = {}
    for item in members:
        name, own = item if isinstance(item, tuple) and len(item) == 2 else (item, {})
        problem = _member_problem(where, name, own)
        if problem:
            problems.append(problem)
        else:
            found.setdefault(name.removeprefix(CONNECTOR), {}).update(own)
    return Group(found, data)


def _parts(value: list[Any] | tuple[Any, ...]) -> tuple[list[Any] | None, dict[str, Any]]:
    if isinstance(value, list):
        return value, {}
    if len(value) == 2 and isinstance(value[0], list) and isinstance(value[1], dict):
        return value[0], dict(value[1])
    return None, {}


def _member_problem(where: str, name: object, own: object) -> Problem | None:
    expected = f'"{CONNECTOR}NAME" or ("{CONNECTOR}NAME", {{data}})'
    if not isinstance(name, str):
        return Problem("not-a-host", where, f"a member is of type {type(name).__name__}", expected, "correct it")
    if not name.startswith(CONNECTOR) or not _HOST.fullmatch(name.removeprefix(CONNECTOR)):
        bare = name.rsplit("/", 1)[-1]
        return Problem("not-a-host", where, f"{name!r} is no Windows host", expected, f'write "{CONNECTOR}{bare}"')
    if not isinstance(own, dict):
        return Problem("not-a-host", where, f"data of {name!r} is no dictionary", expected, "correct it")
    return None
