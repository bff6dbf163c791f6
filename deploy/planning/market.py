"""When a deploy may run: market hours and freezes. A rollback doesn't ask."""

from datetime import datetime
from zoneinfo import ZoneInfo

from deploy.model.catalogue import Calendar
from deploy.model.problem import Problem


def blocked(calendar: Calendar, environment: str, now: datetime) -> tuple[Problem, ...]:
    """Reasons not to deploy at `now` (aware); closing time itself is free."""
    return (*_market(calendar, environment, now), *_frozen(calendar, environment, now))


def _market(calendar: Calendar, environment: str, now: datetime) -> tuple[Problem, ...]:
    if environment not in calendar.enforced_in:
        return ()
    local = now.astimezone(ZoneInfo(calendar.timezone))
    if local.weekday() not in calendar.weekdays or not calendar.opens <= local.time() < calendar.closes:
        return ()
    hours = f"{calendar.opens:%H:%M} to {calendar.closes:%H:%M} {calendar.timezone}"
    what = f"the market is open: it is {local:%H:%M} in {calendar.timezone}"
    after = f"deploy after {calendar.closes:%H:%M}; a rollback is never blocked: invoke rollback --env {environment}"
    return (Problem("market-hours", environment, what, f"a time outside {hours}", after),)


def _frozen(calendar: Calendar, environment: str, now: datetime) -> tuple[Problem, ...]:
    return tuple(
        Problem(
            "freeze",
            environment,
            f"deploys are frozen until {freeze.end.isoformat()}: {freeze.reason}",
            "a time outside the freeze",
            f"wait, or take it out of calendar.freezes; a rollback is free: invoke rollback --env {environment}",
        )
        for freeze in calendar.freezes
        if environment in freeze.environments and freeze.start <= now < freeze.end
    )
