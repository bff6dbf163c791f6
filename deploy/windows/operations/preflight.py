"""What is asked of a host before anything is changed on it."""

from collections.abc import Generator
from typing import Any, cast

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from deploy.model.catalogue import HostMinima
from deploy.model.desired import DesiredHost
from deploy.model.problem import Problem
from deploy.planning.decide import stage
from deploy.planning.preflight import host_problems
from deploy.windows.commands import Fail
from deploy.windows.connector import WindowsConnector
from deploy.windows.failures import FactsFailed
from deploy.windows.offload import offload


@operation()
def passed(
    desired: DesiredHost, root: str, minima: HostMinima, environment: str
) -> Generator[StringCommand, None, None]:
    """Fails for a host that the catalogue's minima, its clock, disk, broker or an open transaction rule out."""
    connector = cast(WindowsConnector, host.connector)
    try:
        facts = connector.snapshot()
    except FactsFailed as failed:
        yield Fail(failed.problem)
        return
    steps = stage(root, desired, facts)
    problems = host_problems(facts, minima, steps, connector.target.asked_at, environment)
    if minima.broker is not None:
        asked = {"kind": "tcp", "address": minima.broker.address, "port": minima.broker.port}
        answer = offload(lambda: connector.target.probe(asked))
        problems = (*problems, *broker_problems(facts.host, answer, minima.broker.max_latency_ms))
    for problem in problems:
        yield Fail(problem)
    if not problems:
        host.noop("the host is as the catalogue asks")


def broker_problems(name: str, answer: dict[str, Any], most_ms: float) -> tuple[Problem, ...]:
    """What a TCP probe of the broker, from the host, says against it; no figure is not a good one."""
    if answer.get("ok") is not True:
        what, expected = f"the broker does not answer: {answer.get('error')}", "a connection"
    elif not isinstance(answer.get("ms"), int | float):
        what, expected = "how far away the broker is can't be told", f"at most {most_ms:g} ms"
    elif answer["ms"] > most_ms:
        what, expected = f"the broker is {answer['ms']:.1f} ms away", f"at most {most_ms:g} ms"
    else:
        return ()
    return (Problem("broker", name, what, expected, "check the route, or host.broker in inventories/system.toml"),)
