"""What a runner asks of the connectors of its hosts."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from deploy.model.problem import Problem
from deploy.model.step import Step

Tell = Callable[[str, str, str, dict[str, Any]], None]
"""Told of each step: host, step, event (`start`, `done`, `failed`), what it has to say."""
KEY = "trading_deploy_orders"
"""Key of `host.connector_data` under which a runner puts a host's Orders."""


def nobody(_host: str, _step: str, _event: str, _data: dict[str, Any]) -> None:
    """Tells nobody."""


@dataclass(frozen=True, slots=True)
class Orders:
    """Who hears of steps, when to begin no new one, and the ids of the only ones approved (None: all)."""

    tell: Tell = nobody
    stopped: Callable[[], bool] = lambda: False
    approved: Collection[str] | None = None

    def objection(self, host: str, step: Step) -> Problem | None:
        """Why this step must not begin."""
        if self.stopped():
            return Problem("interrupted", host, f"interrupted before {step.id}")
        if self.approved is not None and step.id not in self.approved:
            what = f"{step.id} is needed now ({step.reason}), and the approved plan does not have it"
            return Problem("plan-changed", host, what, "the steps of the plan", "plan again")
        return None
