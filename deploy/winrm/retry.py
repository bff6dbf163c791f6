"""What to do after a failed exchange: a table, and the pure function that reads it."""

from dataclasses import dataclass
from enum import StrEnum

from deploy.winrm.errors import Kind


class Operation(StrEnum):
    """WS-Man operations that the toolkit uses."""

    CREATE = "create"
    COMMAND = "command"
    SEND = "send"
    RECEIVE = "receive"
    SIGNAL = "signal"
    DELETE = "delete"


class Do(StrEnum):
    """What happens next."""

    AGAIN = "again"
    """The same request once more: it did not run, or running it twice is the same."""
    GO_ON = "go-on"
    """It may be on its way: take it as delivered and look for its effect."""
    HALVE = "halve"
    """Send it in smaller pieces."""
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Action:
    """The decision. `started`: the request may have run although it failed."""

    do: Do
    after_s: float = 0.0
    started: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """`delays_s` are the pauses before the first, second … repetition; after the last one: stop."""

    kind: Kind
    operations: frozenset[Operation]
    do: Do
    delays_s: tuple[float, ...] = ()
    started: bool = False


_ALL = frozenset(Operation)
_ONCE = (0.0,)
_BACKOFF_S = (0.5, 1.0, 2.0)

# The first row that fits counts.
TABLE: tuple[Row, ...] = (
    Row(Kind.UNREACHABLE, _ALL, Do.AGAIN, (0.5, 1.5)),
    # Right after a boot a host may refuse for a moment; more than one repetition could lock the account.
    Row(Kind.LOGIN_REFUSED, frozenset({Operation.CREATE}), Do.AGAIN, (2.0,)),
    # An empty 400 on an encrypted connection: the host could not decrypt it, so nothing ran.
    Row(Kind.STALE_LOGIN, _ALL, Do.AGAIN, (0.0, 0.5)),
    Row(Kind.TOO_LARGE, frozenset({Operation.SEND}), Do.HALVE),
    Row(Kind.UNAVAILABLE, _ALL, Do.AGAIN, _BACKOFF_S),
    Row(Kind.NOTHING_YET, frozenset({Operation.RECEIVE, Operation.SEND}), Do.GO_ON, started=True),
    Row(Kind.BUSY, frozenset({Operation.SEND}), Do.AGAIN, (5.0, 5.0, 5.0)),
    # The same Receive gives the same data, a second Create only leaves a shell that idles away.
    Row(Kind.LOST, frozenset({Operation.RECEIVE, Operation.CREATE}), Do.AGAIN, _BACKOFF_S, started=True),
    Row(Kind.LOST, frozenset({Operation.SIGNAL, Operation.DELETE}), Do.AGAIN, _ONCE, started=True),
    # Command and Send may have run: never repeated blindly.
    Row(Kind.LOST, _ALL, Do.STOP, started=True),
    Row(Kind.NOTHING_YET, _ALL, Do.STOP, started=True),
    Row(Kind.SHELL_GONE, _ALL, Do.STOP, started=True),
    Row(Kind.QUOTA, frozenset({Operation.CREATE}), Do.AGAIN, (1.0, 2.0, 4.0)),
    Row(Kind.BROKEN, frozenset({Operation.SEND, Operation.COMMAND, Operation.RECEIVE}), Do.STOP, started=True),
)

FAULTS: dict[int, Kind] = {
    5: Kind.DENIED,
    170: Kind.BUSY,
    995: Kind.SHELL_GONE,
    2150858793: Kind.NOTHING_YET,
    2150858817: Kind.SCHEMA,
    2150858843: Kind.SHELL_GONE,
    2150859173: Kind.QUOTA,
    2150859174: Kind.QUOTA,
    2150859179: Kind.QUOTA,
    2150859236: Kind.QUOTA,
    2150859238: Kind.QUOTA,
    2150859240: Kind.QUOTA,
    2150859241: Kind.QUOTA,
}
"""WS-Man fault codes (Windows' error numbers) and what they are to us."""


def decide(kind: Kind, operation: Operation, attempt: int) -> Action:
    """What to do after failure number `attempt` (from 0) of an operation, by the table; not in it: stop."""
    for row in TABLE:
        if row.kind is not kind or operation not in row.operations:
            continue
        if row.do is not Do.AGAIN:
            return Action(row.do, started=row.started)
        if attempt < len(row.delays_s):
            return Action(Do.AGAIN, row.delays_s[attempt], row.started)
        return Action(Do.STOP, started=row.started)
    return Action(Do.STOP)
