"""How a run of the preparation goes."""

from collections.abc import Callable
from dataclasses import dataclass

from deploy.windows.orders import Tell, nobody


@dataclass(frozen=True, slots=True)
class Terms:
    """How a run goes. `tell` hears of each step; no new one begins once `stopped` is true; `dry` changes nothing."""

    tell: Tell = nobody
    stopped: Callable[[], bool] = lambda: False
    dry: bool = False
