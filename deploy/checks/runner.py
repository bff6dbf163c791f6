"""Runs tests/verify with pytest in this process, over connections that exist."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from deploy.checks.connection import Connection
from deploy.checks.host import WindowsHost
from deploy.checks.plugin import Plugin
from deploy.model.check import Check
from deploy.model.facts import HostFacts, Snapshot

# No terminal, no capture: a run draws on the same terminal from other threads.
_QUIET = (
    "-p",
    "no:terminal",
    "-p",
    "no:pytest11.testinfra",
    "-p",
    "no:cacheprovider",
    "--capture=no",
    "-o",
    "addopts=",
    "-o",
    "filterwarnings=",
)


def run_checks(
    tests: Path,
    connections: Mapping[str, Connection],
    snapshots: Mapping[str, Snapshot],
    expected: Mapping[str, Mapping[str, str]],
    root: str,
    junit: Path | None = None,
) -> list[Check]:
    """One result per check and host. `expected`: host → service → revision name. `junit`: where to write JUnit XML.

    A host without facts is an unknown check `reachable`: nothing else can be asked of it. A host or service that no
    check was made of is an unknown check `checked`.
    """
    hosts: dict[str, WindowsHost] = {}
    silent = []
    for name in expected:
        snapshot = snapshots.get(name)
        if isinstance(snapshot, HostFacts):
            hosts[name] = WindowsHost(connections[name], snapshot, root)
        else:
            silent.append(Check(name, "reachable", "unknown", snapshot.problem.what if snapshot else "not asked"))
    plugin = Plugin(hosts, {name: expected[name] for name in hosts})
    written = [f"--junitxml={junit}"] if junit else []
    code = pytest.main([str(tests), *_QUIET, *written], plugins=[plugin])
    expected_codes = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}
    if code not in (expected_codes if hosts else {pytest.ExitCode.NO_TESTS_COLLECTED}):
        silent.append(Check("", "tests/verify", "unknown", f"pytest could not run the checks: {code!s}"))
    return silent + plugin.checks + _unchecked({name: expected[name] for name in hosts}, plugin.checks)


def _unchecked(expected: Mapping[str, Mapping[str, str]], checks: list[Check]) -> list[Check]:
    seen = {check.host for check in checks}
    named = {(check.host, check.name.partition("[")[2].rstrip("]")) for check in checks}
    hosts = [Check(host, "checked", "unknown", "no check was made of it") for host in expected if host not in seen]
    return hosts + [
        Check(host, f"checked[{service}]", "unknown", "no check was made of it", service)
        for host, services in expected.items()
        for service in services
        if (host, service) not in named
    ]
