"""The hosts of an environment, read from the same plain files and by the same rules as pyinfra reads them.

pyinfra's own reader can't be used: importing `pyinfra_cli` patches the standard library.
"""

from dataclasses import dataclass, field
from typing import Any

from deploy.config.groups import CONNECTOR, Group, groups_of
from deploy.config.hostdata import data_problems
from deploy.config.project import Project
from deploy.config.pyfile import exported, run_file
from deploy.config.suggest import did_you_mean
from deploy.model.host import Host
from deploy.model.problem import Problem, UsageError

DEFAULT_ADDRESS = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Inventory:
    """An environment's hosts in file order, and its groups (name → host names; every host is in the environment's).

    `data` is what holds for the whole environment (group `all`, then the environment's own), `origins` the file that
    each of its keys comes from.
    """

    environment: str
    hosts: tuple[Host, ...]
    groups: dict[str, tuple[str, ...]]
    data: dict[str, Any] = field(default_factory=dict, repr=False)
    origins: dict[str, str] = field(default_factory=dict)

    def select(self, names: tuple[str, ...]) -> tuple[Host, ...]:
        """The named hosts, or all of them for no name; raises UsageError for a name that isn't there."""
        by_name = {host.name: host for host in self.hosts}
        unknown = [name for name in names if name not in by_name]
        if unknown:
            raise UsageError(
                *(
                    Problem(
                        "unknown-host",
                        f"inventories/{self.environment}.py",
                        f"no host {name!r}",
                        "a host of this environment",
                        did_you_mean(name, by_name),
                    )
                    for name in unknown
                )
            )
        return tuple(host for host in self.hosts if not names or host.name in names)


def load_inventory(project: Project, environment: str) -> Inventory:
    """Reads `inventories/<environment>.py` and the group_data of its groups; raises UsageError with all problems."""
    path = project.inventory(environment)
    where = project.shown(path)
    groups = groups_of(where, environment, run_file(project, path))
    group_data = {name: _group_data(project, name) for name in groups}
    data = {name: {**group.data, **group_data[name]} for name, group in groups.items()}
    host_data = _host_data(groups)
    member_groups = {
        name: tuple(group for group in groups if group != "all" and name in groups[group].members) for name in host_data
    }
    hosts = tuple(
        _host(name, member_groups[name], [data["all"], *(data[group] for group in member_groups[name]), own])
        for name, own in host_data.items()
    )
    problems = [
        *(problem for name in groups for problem in data_problems(_file(project, name), group_data[name])),
        *(problem for name, own in host_data.items() for problem in data_problems(f"{where}: {name}", own)),
        *_same_machine(where, hosts),
    ]
    if problems:
        raise UsageError(*problems)
    shared = {"all": data["all"], environment: data[environment]}
    return Inventory(
        environment,
        hosts,
        {name: tuple(group.members) for name, group in groups.items() if name != "all" and group.members},
        {key: value for values in shared.values() for key, value in values.items()},
        {
            key: _file(project, name) if key in group_data[name] else where
            for name, values in shared.items()
            for key in values
        },
    )


def _group_data(project: Project, group: str) -> dict[str, Any]:
    path = project.group_data / f"{group}.py"
    return exported(path, run_file(project, path)) if path.is_file() else {}


def _file(project: Project, group: str) -> str:
    return project.shown(project.group_data / f"{group}.py")


def _host_data(groups: dict[str, Group]) -> dict[str, dict[str, Any]]:
    """Each host's own data, in the order of group `all`; where groups disagree the later one counts."""
    merged: dict[str, dict[str, Any]] = {name: {} for name in groups["all"].members}
    for group in (*(group for name, group in groups.items() if name != "all"), groups["all"]):
        for name, own in group.members.items():
            merged[name].update(own)
    return merged


def _host(name: str, groups: tuple[str, ...], layers: list[dict[str, Any]]) -> Host:
    data = {key: value for layer in layers for key, value in layer.items()}
    return Host(name, str(data.get("service_address") or DEFAULT_ADDRESS), groups, data)


def _same_machine(where: str, hosts: tuple[Host, ...]) -> list[Problem]:
    seen: dict[tuple[str, Any], str] = {}
    problems = []
    for host in hosts:
        place = (str(host.data.get("winrm_address") or host.name).lower(), host.data.get("winrm_port"))
        if place in seen:
            problems.append(
                Problem(
                    "same-machine",
                    f"{where}: {host.name}",
                    f"it has the address of {seen[place]}: {place[0]}",
                    "one name for each machine",
                    f"correct winrm_address, or put {CONNECTOR}{seen[place]} into both groups",
                )
            )
        seen.setdefault(place, host.name)
    return problems
