"""What the SCM does when a service has failed: decided here, done by `services`."""

from dataclasses import dataclass

from deploy.sandbox.machine.registration import ActionKind, FailureActions

NEVER_RESET = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Failures:
    """How often a service failed since the boot, and when last (seconds of a monotonic clock)."""

    count: int = 0
    last_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Response:
    """The count after this failure, and what follows."""

    failures: Failures
    action: ActionKind
    delay_s: float


def is_failure(reported: int | None, *, on_non_crash: bool) -> bool:
    """Whether an end counts: `reported` is the exit code of the STOPPED report, None without one.

    A death without a report always counts; a reported error only when the flag is set; exit code 0 never.
    """
    if reported is None:
        return True
    return reported != 0 and on_non_crash


def respond(actions: FailureActions, before: Failures, now_s: float) -> Response:
    """The action for one more failure; the last action repeats."""
    elapsed = now_s - before.last_s
    fresh = before.count == 0 or (actions.reset_s != NEVER_RESET and elapsed >= actions.reset_s)
    after = Failures(1 if fresh else before.count + 1, now_s)
    if not actions.actions:
        return Response(after, "none", 0.0)
    kind, delay_ms = actions.actions[min(after.count, len(actions.actions)) - 1]
    return Response(after, kind, delay_ms / 1000)
