"""What operators type. Each task parses nothing and decides nothing: it hands its options to deploy/cli.

Imports of ours stay inside the tasks, so that `invoke --list`, `--help` and completion are instant.
"""

import importlib
import sys
from typing import Any

from invoke.collection import Collection
from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import task

MUTATING = frozenset(
    {
        "deploy", "rollback", "release.build", "release.promote", "release.runtime",
        "sandbox.up", "sandbox.down", "sandbox.fault", "sandbox.power",
    }
)  # fmt: skip
_FLAGS = frozenset({"--yes", "-y", "--json", "-j", "--dry", "-d", "--clear", "-c", "--on", "--off", "--fast", "-f"})
"""Options without a value: what follows them may be another task."""
_NO_POSITIONAL: list[str] = []  # with positional parameters, `deploy --help` would run with env "--help"
_ENV_JSON = {"env": "environment: dev, staging or prod", "json": "one JSON document on stdout"}

_SANDBOX = {"env": "environment that it plays; dev without it", "json": "one JSON document on stdout"}


def _run(command: str, *arguments: Any, json: bool = False, events: bool = False) -> None:
    """Runs `module:function` of deploy/cli; its exit code is the process's."""
    words = sys.argv[1:]
    values = {
        at + 1 for at, word in enumerate(words) if word.startswith("-") and word not in _FLAGS and "=" not in word
    }
    chosen = [word for at, word in enumerate(words) if word in MUTATING and at not in values]
    if len(chosen) > 1:
        raise Exit(f"error: one mutating task per command line; this one has {', '.join(chosen)}", code=1)
    module, function = command.split(":")
    work = getattr(importlib.import_module(f"deploy.cli.{module}"), function)
    code = importlib.import_module("deploy.cli.command").finish(work, arguments, as_json=json, events=events)
    if code:
        raise Exit(code=code)


@task(
    positional=_NO_POSITIONAL,
    help={
        "env": "environment: dev, staging or prod",
        "release": "release to plan for; without it the one promoted to the environment (dev: the newest built)",
        "limit": "only these hosts, separated by commas",
        "json": "one JSON document on stdout",
    },
)
def plan(
    c: Context, env: str | None = None, release: str | None = None, limit: str | None = None, json: bool = False
) -> None:
    """Show what a deploy would change, host by host, and the plan's hash; changes nothing.

    Example: invoke plan --env staging --release 1.4.2
    """
    _run("deploy:show_plan", env, {"release": release, "limit": limit}, json=json)


@task(
    positional=_NO_POSITIONAL,
    help={
        "env": "environment: dev, staging or prod",
        "release": "release to deploy; without it the one promoted to the environment (dev: the newest built)",
        "strategy": "rolling",
        "limit": "only these hosts, separated by commas; such a deploy is never attested",
        "plan": "hash of an approved plan: that is what runs, or nothing runs",
        "batch": "hosts that go together: a number or a percentage",
        "max_failures": "hosts of a wave that may fail before the rollout stops",
        "yes": "don't ask; needed without a terminal",
        "dry": "the same as invoke plan",
        "json": "NDJSON events on stdout, the last of them `end`",
    },
)
def deploy(
    c: Context,
    env: str | None = None,
    release: str | None = None,
    strategy: str = "rolling",
    limit: str | None = None,
    plan: str | None = None,
    batch: str | None = None,
    max_failures: str | None = None,
    yes: bool = False,
    dry: bool = False,
    json: bool = False,
) -> None:
    """Bring an environment to a release: plan, stage everywhere, cut over wave by wave, verify, attest.

    Example: invoke deploy --env prod --release 1.4.2 --plan 3f9a01c2d4e5
    """
    options = {
        "release": release,
        "strategy": strategy,
        "limit": limit,
        "plan": plan,
        "batch": batch,
        "max_failures": max_failures,
        "yes": yes,
    }
    if dry or c.config.run.dry:
        _run("deploy:show_plan", env, options, json=json)
    else:
        _run("deploy:run_deploy", env, options, json=json, events=True)


@task(
    positional=_NO_POSITIONAL,
    help={
        "env": "environment: dev, staging or prod",
        "to": "release to go back to; without it the last one attested good before the one that runs",
        "without": "hosts that can't be reached and are left out, separated by commas; needs --reason",
        "reason": "why they are left out; kept in the record",
        "plan": "hash of an approved plan",
        "yes": "don't ask; needed without a terminal",
        "dry": "show the plan, change nothing",
        "json": "NDJSON events on stdout, the last of them `end`",
    },
)
def rollback(
    c: Context,
    env: str | None = None,
    to: str | None = None,
    without: str | None = None,
    reason: str | None = None,
    plan: str | None = None,
    yes: bool = False,
    dry: bool = False,
    json: bool = False,
) -> None:
    """Go back to a release that was seen good; it is still on the hosts, so this takes seconds.

    Example: invoke rollback --env prod
    """
    options = {"to": to, "without": without, "reason": reason, "plan": plan, "yes": yes}
    if dry or c.config.run.dry:
        _run("rollback:show_rollback", env, options, json=json)
    else:
        _run("rollback:run_rollback", env, options, json=json, events=True)


@task(positional=_NO_POSITIONAL, help=_ENV_JSON)
def status(c: Context, env: str | None = None, json: bool = False) -> None:
    """Show what runs where, and any transaction that is still open.

    Example: invoke status --env prod
    """
    _run("status:show_status", env, json=json)


@task(positional=_NO_POSITIONAL, help={**_ENV_JSON, "junit": "also write a JUnit report to this file"})
def verify(c: Context, env: str | None = None, junit: str | None = None, json: bool = False) -> None:
    """Check the end state of every host with testinfra: registration, process, image, health, parity.

    Example: invoke verify --env staging --junit verify.xml
    """
    _run("verify:run_verify", env, junit, json=json)


@task(positional=_NO_POSITIONAL, help=_ENV_JSON)
def drift(c: Context, env: str | None = None, json: bool = False) -> None:
    """Compare every host with the release that it should run, file by file and value by value.

    Example: invoke drift --env prod
    """
    _run("status:show_drift", env, json=json)


@task(positional=_NO_POSITIONAL, help=_ENV_JSON)
def history(c: Context, env: str | None = None, json: bool = False) -> None:
    """List the runs of an environment, newest first.

    Example: invoke history --env prod
    """
    _run("history:show_history", env, json=json)


@task(
    positional=_NO_POSITIONAL,
    help={
        "version": "name of the release",
        "source": "folder that holds one folder per artifact",
        "base": "release whose artifacts are kept where `source` has none",
        "commit": "commit that it was built from; without it, git's HEAD",
        "json": "one JSON document on stdout",
    },
)
def release_build(
    c: Context,
    version: str | None = None,
    source: str | None = None,
    base: str | None = None,
    commit: str | None = None,
    json: bool = False,
) -> None:
    """Pack a folder per service into reproducible artifacts, and name the release.

    Example: invoke release.build --version 1.4.2 --source dist
    """
    _run("release:release_build", version, source, base, commit, json=json)


@task(positional=_NO_POSITIONAL, help={"json": "one JSON document on stdout"})
def release_list(c: Context, json: bool = False) -> None:
    """List the store's releases, and where each is promoted and attested.

    Example: invoke release.list
    """
    _run("release:release_list", json=json)


@task(
    positional=_NO_POSITIONAL,
    help={"release": "release to promote", "env": "environment it is meant for", "json": "one JSON document on stdout"},
)
def release_promote(c: Context, release: str | None = None, env: str | None = None, json: bool = False) -> None:
    """Name the release that `invoke deploy --env ENV` means.

    Example: invoke release.promote --release 1.4.2 --env prod
    """
    _run("release:release_promote", release, env, json=json)


@task(
    positional=_NO_POSITIONAL,
    help={"archive": "zip of a runtime, named as in the catalogue", "json": "one JSON document on stdout"},
)
def release_runtime(c: Context, archive: str | None = None, json: bool = False) -> None:
    """Put a runtime's archive into the store.

    Example: invoke release.runtime --archive dotnet-8.0.30-win-x64.zip
    """
    _run("release:release_runtime", archive, json=json)


@task(positional=_NO_POSITIONAL, help=_ENV_JSON)
def config_show(c: Context, env: str | None = None, json: bool = False) -> None:
    """Show every setting with its value and where it comes from; secrets are masked.

    Example: invoke config.show --env staging
    """
    _run("config:config_show", env, json=json)


@task(positional=_NO_POSITIONAL, help={**_SANDBOX, "engine": "what answers as PowerShell: builtin"})
def sandbox_up(c: Context, env: str = "dev", engine: str = "builtin", json: bool = False) -> None:
    """Start simulated Windows hosts for an environment, with sample releases to deploy.

    Example: invoke sandbox.up
    """
    _run("sandbox:sandbox_up", env, engine, json=json)


@task(positional=_NO_POSITIONAL, help=_SANDBOX)
def sandbox_status(c: Context, env: str = "dev", json: bool = False) -> None:
    """Show how to reach each simulated host, and what runs on it.

    Example: invoke sandbox.status --json
    """
    _run("sandbox:sandbox_status", env, json=json)


@task(positional=_NO_POSITIONAL, help=_SANDBOX)
def sandbox_down(c: Context, env: str = "dev", json: bool = False) -> None:
    """Stop the simulated hosts; their disks and registries stay.

    Example: invoke sandbox.down
    """
    _run("sandbox:sandbox_down", env, json=json)


@task(
    positional=_NO_POSITIONAL,
    help={
        **_SANDBOX,
        "host": "simulated host",
        "kind": "what goes wrong; without it the kinds are listed",
        "step": "at which step: a number (before it), or a checkpoint such as acted:3",
        "service": "which service, for kinds that concern one",
        "seconds": "how long, for kinds that last",
        "times": "how often; once without it",
        "clear": "disarm the host's faults",
    },
)
def sandbox_fault(
    c: Context,
    env: str = "dev",
    host: str | None = None,
    kind: str | None = None,
    step: str | None = None,
    service: str | None = None,
    seconds: str | None = None,
    times: str | None = None,
    clear: bool = False,
    json: bool = False,
) -> None:
    """Arm a fault on a simulated host.

    Example: invoke sandbox.fault --host dev-trade-01 --kind kill-executor --step 3
    """
    options = {"step": step, "service": service, "seconds": seconds, "times": times, "clear": clear}
    _run("sandbox:sandbox_fault", env, host, kind, options, json=json)


@task(
    positional=_NO_POSITIONAL,
    help={**_SANDBOX, "host": "simulated host", "on": "switch it on", "off": "cut its power"},
)
def sandbox_power(
    c: Context, env: str = "dev", host: str | None = None, on: bool = False, off: bool = False, json: bool = False
) -> None:
    """Cut or restore the power of a simulated host.

    Example: invoke sandbox.power --host dev-trade-01 --off
    """
    _run("sandbox:sandbox_power", env, host, {(True, False): "on", (False, True): "off"}.get((on, off), ""), json=json)


@task(
    positional=_NO_POSITIONAL,
    help={
        "engine": "builtin: a deploy against its budgets; powershell: seconds against pywinrm and Ansible",
        "resources": "how many are compared on the powershell engine; 8 without it",
        "json": "one JSON document on stdout",
    },
)
def bench(c: Context, engine: str = "builtin", resources: str | None = None, json: bool = False) -> None:
    """Measure requests, bytes and outage against naive tools, in one run on the sandbox.

    Example: invoke bench --engine powershell --json
    """
    _run("bench:run_bench", engine, resources, json=json)


@task(positional=_NO_POSITIONAL, help={"report": "keep the demo's report in this folder"})
def demo(c: Context, report: str | None = None) -> None:
    """Two releases, a broken one, a power cut and a rollback on three simulated hosts, in under two minutes.

    Example: invoke demo
    """
    _run("demo:run_demo", report)


@task(positional=_NO_POSITIONAL, help={"select": "only tests below this path; all that need no environment without it"})
def test(c: Context, select: str | None = None) -> None:
    """Run the tests, warnings as errors.

    Example: invoke test --select tests/unit
    """
    _run("quality:run_tests", select)


@task(positional=_NO_POSITIONAL, help={"fast": "without the tests"})
def check(c: Context, fast: bool = False) -> None:
    """Run everything that CI runs: ruff, format, mypy, import rules, PowerShell lint, tests.

    Example: invoke check --fast
    """
    _run("quality:run_checks", fast)


def _namespace() -> Collection:
    root = Collection(plan, deploy, rollback, status, verify, drift, history, bench, demo, test, check)
    groups: dict[str, dict[str, Any]] = {
        "release": {
            "build": release_build,
            "list": release_list,
            "promote": release_promote,
            "runtime": release_runtime,
        },
        "config": {"show": config_show},
        "sandbox": {
            "up": sandbox_up,
            "status": sandbox_status,
            "down": sandbox_down,
            "fault": sandbox_fault,
            "power": sandbox_power,
        },
    }
    for name, members in groups.items():
        group = Collection(name)
        for short, member in members.items():
            group.add_task(member, name=short)
        root.add_collection(group)
    return root


namespace = _namespace()
