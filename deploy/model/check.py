"""The result of one verification."""

from dataclasses import dataclass
from typing import Literal

Result = Literal["passed", "failed", "unknown"]
"""`unknown`: the check could not tell (a silent host, a defect of the check): no reason to take anything back."""


@dataclass(frozen=True, slots=True)
class Check:
    """`name` is the test's, such as `health[TradingSystem-OrderManager]`; `detail` says why it did not pass.

    `service`: which service it is about, "" for the host as a whole.
    """

    host: str
    name: str
    result: Result
    detail: str = ""
    service: str = ""
