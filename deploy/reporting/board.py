"""What a terminal shows while a run goes on: hosts × phases, as pure state."""

from dataclasses import dataclass, field
from typing import Literal

from deploy.model.run import Event

PHASES = ("lock", "stage", "cutover", "verify", "attest")
State = Literal["waiting", "running", "done", "failed", "back"]
"""`back`: it was taken back, as it should be after a failure."""

_STEP_BEGINS = {"doing": "{step}", "undoing": "undoing {step}", "stuck": "stuck at {step}"}


@dataclass(slots=True)
class Cell:
    """A phase of a host. Times are seconds of a monotonic clock. `step` is what it waits for now."""

    state: State = "waiting"
    since_s: float = 0.0
    until_s: float = 0.0
    step: str = ""
    back: bool = False


WAITING = Cell()
_MOST_TELLING: tuple[State, ...] = ("running", "failed", "back")


@dataclass(slots=True)
class Board:
    """Takes events in, holds what is to be shown."""

    hosts: tuple[str, ...]
    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    began_s: float | None = None
    ended: bool = False

    def take(self, event: Event, now_s: float) -> None:
        """What the event changes. Events of the whole run count for every host."""
        if self.began_s is None:
            self.began_s = now_s
        if event.event == "note":
            self.notes.append(str(event.data.get("what", "")))
        if event.event == "failed":
            self.notes.append(f"{event.host or 'run'}: {event.data['what']}")
        if event.phase not in PHASES:
            return
        for host in (event.host,) if event.host else self.hosts:
            _take(self.cells.setdefault((host, event.phase), Cell()), event, now_s)

    def cell(self, host: str, phase: str) -> Cell:
        """A phase of a host; one that nothing was heard of waits."""
        return self.cells.get((host, phase), WAITING)

    def state(self, host: str) -> State:
        """How the host is doing as a whole: between two phases it waits."""
        states = {self.cell(host, phase).state for phase in PHASES}
        for state in _MOST_TELLING:
            if state in states:
                return state
        return self.cell(host, PHASES[-1]).state

    def current(self, host: str) -> tuple[str, Cell]:
        """The phase that tells most about a host: the one that it is in, one that failed, or the last that it began."""
        begun = [(phase, self.cell(host, phase)) for phase in PHASES if self.cell(host, phase).state != "waiting"]
        at_work = [item for item in begun if item[1].state == "running"]
        wrong = [item for item in begun if item[1].state in ("failed", "back")]
        return (at_work or wrong or begun or [("", WAITING)])[-1]


def _take(cell: Cell, event: Event, now_s: float) -> None:
    match event.event:
        case "start":
            if cell.state != "running":
                cell.state, cell.since_s, cell.step = "running", now_s, ""
            cell.back = bool(event.data.get("back"))
        case "progress":
            told = _STEP_BEGINS.get(str(event.data["what"]))
            cell.step = told.format(step=event.step) if told else cell.step
        case "done" | "failed":
            cell.since_s = cell.since_s if cell.state == "running" else now_s
            cell.state = "failed" if event.event == "failed" else "back" if cell.back else "done"
            cell.until_s, cell.step = now_s, ""
