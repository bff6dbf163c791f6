"""Requests and bytes of a run, phase by phase, as the client counted them."""

from collections.abc import Mapping
from dataclasses import dataclass

from deploy.execution.target import Traffic


@dataclass(frozen=True, slots=True)
class Cost:
    """HTTP requests, and the bytes of bodies with an estimate of their headers."""

    requests: int
    sent_bytes: int
    received_bytes: int


Costs = Mapping[str, Cost]
"""Phase → cost, in the order of the run."""


def costs_of(traffic: Traffic) -> Costs:
    """What a target has counted so far."""
    return {
        phase: Cost(requests, traffic.sent_bytes[phase], traffic.received_bytes[phase])
        for phase, requests in traffic.requests.items()
    }


def requests_of(costs: Costs, *phases: str) -> int:
    """Requests of these phases, or of all."""
    return sum(cost.requests for phase, cost in costs.items() if not phases or phase in phases)
