"""`invoke sandbox.*`: the simulated fleet of an environment, started, looked at, broken on purpose, ended."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from deploy.cli.command import required
from deploy.cli.output import Output
from deploy.cli.sandbox_files import SAMPLES, add_runtimes, make_samples, make_secrets
from deploy.cli.sandbox_spec import fleet_spec, store_folder
from deploy.config.project import Project
from deploy.model.problem import Problem, Refused, UsageError
from deploy.model.run import Exit
from deploy.sandbox.fleet.client import FleetClient, FleetError
from deploy.sandbox.fleet.engines import ENGINES, missing
from deploy.sandbox.fleet.fleet import KINDS

STATUS_SCHEMA = "sandbox.status/1"


def sandbox_up(project: Project, environment: str, engine: str, output: Output) -> Exit:
    """Starts the fleet (or finds it running), with credentials, sample sources and runtimes; Refused if it can't.

    The samples are Python programs, so hosts of the PowerShell engine get none.
    """
    if engine not in ENGINES:
        raise UsageError(Problem("unknown-engine", "--engine", f"no engine {engine!r}", f"one of {', '.join(ENGINES)}"))
    if lacking := missing(engine, os.environ):
        raise Refused(Problem("engine-missing", f"--engine {engine}", lacking[0], "", lacking[1]))
    store = store_folder(project, environment)
    spec = fleet_spec(project, environment, engine, store)
    client = FleetClient(project.sandbox(environment))
    try:
        started = client.start(spec)
    except FleetError as error:
        raise _cannot_start(environment, error) from error
    make_secrets(project, environment)
    count = "1 host" if len(spec.hosts) == 1 else f"{len(spec.hosts)} hosts"
    output.text(f"{count} up." if started else f"{count} up already.")
    for host in spec.hosts:
        output.text(f"  {host.name:<16} {host.address}")
    output.text("Next:")
    version, source = _release_to_try(project, client.folder.path, store, engine, output)
    output.text(f"  invoke release.build --version {version} --source {source}")
    output.text(f"  invoke deploy --env {environment} --release {version}")
    output.text(f"  invoke sandbox.down --env {environment}    when you are done")
    output.document({"schema": "sandbox.up/1", "env": environment, "started": started, "hosts": _shown(client)})
    return Exit.OK


def _release_to_try(project: Project, folder: Path, store: Path | None, engine: str, output: Output) -> tuple[str, str]:
    """Version and source of what can be deployed next: a sample, made here, or what only the user can have."""
    if engine == "powershell":
        output.text(
            "  These hosts run real Windows programs, so there are no samples. docs/engines.md says how to get a"
        )
        output.text('  .NET service and its runtime ("Something to deploy"); with both at hand:')
        output.text("  invoke release.runtime --archive dotnet-VERSION-win-x64.zip")
        return "1.0.0", "FOLDER"
    make_samples(folder)
    if store:
        add_runtimes(store, folder)
    first = next(iter(SAMPLES))
    return first, project.shown(folder / "samples" / first)


def sandbox_status(project: Project, environment: str, output: Output) -> Exit:
    """How to reach each host, and what runs on it; Refused when the sandbox isn't up."""
    hosts = _asked(_running(project, environment))
    for host in hosts:
        output.text(f"{host['name']:<16} {host['address']:<14} power {host['power']:<4} {host['https']}")
        for service in host["services"]:
            state = f"pid {service['pid']}, port {service['port'] or '-'}" if service["pid"] else "stopped"
            output.text(f"  {service['name']:<40} {state}")
        for fault in host["faults"]:
            output.text(f"  fault waiting: {fault['kind']}, {fault.get('label') or 'at the next occasion'}")
        if ports := host["listening"]:
            output.text(f"  listening on {', '.join(map(str, ports))}")
    output.document({"schema": STATUS_SCHEMA, "env": environment, "hosts": _public(hosts)})
    return Exit.OK


def sandbox_down(project: Project, environment: str, output: Output) -> Exit:
    """Ends the fleet and everything it started. Disks and state stay for the next `up`."""
    stopped = FleetClient(project.sandbox(environment)).stop()
    output.text("The sandbox is down." if stopped else "The sandbox was down already.")
    output.document({"schema": "sandbox.down/1", "env": environment, "stopped": stopped})
    return Exit.OK


def sandbox_fault(
    project: Project,
    environment: str,
    host: str | None,
    kind: str | None,
    options: Mapping[str, Any],
    output: Output,
) -> Exit:
    """Arms a fault on a host, or with `clear` ends all of its faults; see docs/sandbox.md for kinds and labels.

    `options`: `step` (a number, or a checkpoint's label), `service`, `seconds`, `times`, `clear`.
    """
    client = _running(project, environment)
    names = [item["name"] for item in _shown(client)]
    chosen = required("host", host, names, "invoke sandbox.fault --host dev-trade-01 --kind kill-executor --step 3")
    if options.get("clear"):
        _ask(client, {"do": "clear", "host": chosen}, "--host")
        output.text(f"{chosen}: no faults any more")
        output.document({"schema": "sandbox.fault/1", "env": environment, "host": chosen, "fault": None})
        return Exit.OK
    if kind not in KINDS:
        what = f"no fault {kind!r}" if kind else "is missing"
        raise UsageError(Problem("unknown-fault", "--kind", what, f"one of {', '.join(KINDS)}"))
    step = options.get("step")
    aim = {"step": int(step)} if step and step.isdigit() else {"label": step}
    rest = {
        "service": options.get("service"),
        "seconds": _number(options, "seconds", float),
        "times": _number(options, "times", int),
    }
    fault = {key: value for key, value in {"kind": kind, **aim, **rest}.items() if value is not None}
    _ask(client, {"do": "fault", "host": chosen, "fault": fault}, f"--host {chosen} --kind {kind}")
    where = f"before step {step}" if "step" in aim else (step or "now, or at the next occasion")
    output.text(f"{chosen}: {kind} ({where})")
    output.document({"schema": "sandbox.fault/1", "env": environment, "host": chosen, "fault": fault})
    return Exit.OK


Number = TypeVar("Number", int, float)


def _number(options: Mapping[str, Any], name: str, kind: type[Number]) -> Number | None:
    text = options.get(name)
    if text is None:
        return None
    try:
        return kind(text)
    except ValueError:
        raise UsageError(Problem("bad-option", f"--{name}", f"{text!r} is no number", "a number")) from None


def sandbox_power(project: Project, environment: str, host: str | None, state: str, output: Output) -> Exit:
    """Switches a host `on` or `off`."""
    client = _running(project, environment)
    names = [item["name"] for item in _shown(client)]
    chosen = required("host", host, names, "invoke sandbox.power --host dev-trade-01 --off")
    if state not in {"on", "off"}:
        raise UsageError(Problem("bad-power", "--on or --off", "it is not clear which way to switch", "one of the two"))
    _ask(client, {"do": "power", "host": chosen, "on": state == "on"}, "--host")
    output.text(f"{chosen}: power {state}")
    output.document({"schema": "sandbox.power/1", "env": environment, "host": chosen, "power": state})
    return Exit.OK


def _cannot_start(environment: str, error: FleetError) -> Refused:
    if error.taken:
        address, port = error.taken
        return Refused(
            Problem(
                "port-taken",
                f"{address}:{port}",
                "another process listens there",
                "a free port",
                f"find it: ss -ltnp 'sport = :{port}'; or use other addresses: export DEPLOY_SANDBOX_PREFIX=127.0.20",
            )
        )
    down = f"invoke sandbox.down --env {environment}"
    return Refused(Problem("sandbox-not-started", f"sandbox of {environment}", str(error), "", down))


def _running(project: Project, environment: str) -> FleetClient:
    client = FleetClient(project.sandbox(environment))
    if not client.running():
        up = f"invoke sandbox.up --env {environment}"
        raise Refused(Problem("sandbox-down", f"sandbox of {environment}", "it is not running", "", up))
    return client


def _ask(client: FleetClient, request: dict[str, Any], where: str) -> Any:
    try:
        return client.ask(request)
    except FleetError as error:
        raise Refused(
            Problem("sandbox-refused", where, str(error), "", "see docs/sandbox.md, or: invoke sandbox.status")
        ) from error


def _shown(client: FleetClient) -> list[dict[str, Any]]:
    return _public(_asked(client))


def _asked(client: FleetClient) -> list[dict[str, Any]]:
    hosts: list[dict[str, Any]] = _ask(client, {"do": "status"}, "sandbox")
    return hosts


def _public(hosts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As published in docs/schemas."""
    return [{key: value for key, value in host.items() if key not in {"faults", "listening"}} for host in hosts]
