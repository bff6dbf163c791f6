"""The live view: the board as a table that rich redraws, elapsed times running."""

from collections import Counter
from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from deploy.model.run import Event
from deploy.reporting.board import PHASES, Board, Cell, State

NARROW = 72
"""Columns below which a host shows its present phase only."""
_LOOK: dict[State, tuple[str, str]] = {
    "waiting": ("·", "dim"),
    "running": ("▶", "cyan"),
    "done": ("✓", "green"),
    "failed": ("✗", "bold red"),
    "back": ("↶", "yellow"),
}
_WORDS: dict[State, str] = {
    "running": "at work",
    "waiting": "waiting",
    "done": "done",
    "failed": "failed",
    "back": "taken back",
}
_HOST_COLUMNS, _CELL_COLUMNS = 20, 9
_NOTES = 4
_BESIDE_ROWS = 3 + 2 * _NOTES
"""Lines of the screen that hosts don't get: heading, rest, summary, notes."""


class Terminal:
    """Redraws four times a second from the board; the last picture stays on the screen."""

    def __init__(self, hosts: tuple[str, ...], console: Console, now_s: Callable[[], float]) -> None:
        self._board, self._now_s, self._console = Board(hosts), now_s, console
        # Redirection would send what others print through this console, and into JSON's stdout.
        self._live = Live(
            console=console,
            refresh_per_second=4,
            get_renderable=self._picture,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def show(self, event: Event) -> None:
        """Takes an event in."""
        self._board.take(event, self._now_s())

    def close(self) -> None:
        """Draws the last picture and gives the terminal back."""
        self._board.ended = True
        self._live.stop()

    def _picture(self) -> RenderableType:
        return picture(self._board, self._now_s(), self._console.width, self._console.height)


def picture(board: Board, now_s: float, width: int, height: int) -> RenderableType:
    """The board at a moment, on a screen of so many columns and lines."""
    if not board.hosts or board.began_s is None:
        return Text()
    hosts = _chosen(board, max(3, height - _BESIDE_ROWS))
    columns = min(max(len(host) for host in hosts), _HOST_COLUMNS)
    lines = [] if width < NARROW else [_heading(columns)]
    for host in hosts:
        phase, cell = board.current(host)
        if width < NARROW:
            named = "way back" if cell.back and cell.state == "running" else phase
            lines.append(_line(host, columns, [Text(named), _sign(cell, now_s)]))
        else:
            lines.append(_line(host, columns, [_sign(board.cell(host, each), now_s) for each in PHASES]))
        if cell.state == "running" and cell.step:
            waited = cell.step if width < NARROW else f"waiting for {cell.step}"
            lines.append(Text(f"  {waited}", style="dim", no_wrap=True, overflow="ellipsis"))
    lines.append(_summary(board, hosts, now_s))
    return Group(*lines, *(Text(note, style="yellow") for note in board.notes[-_NOTES:]))


def _chosen(board: Board, most: int) -> tuple[str, ...]:
    """The hosts that fit, in their order: those at work (two lines each) and those that failed are chosen first."""
    if len(board.hosts) <= most:
        return board.hosts
    rank: dict[State, int] = {"running": 0, "failed": 1, "back": 2, "waiting": 3, "done": 4}
    chosen: list[str] = []
    for host in sorted(board.hosts, key=lambda name: rank[board.state(name)]):
        most -= 2 if board.state(host) == "running" else 1
        if most < 0:
            break
        chosen.append(host)
    return tuple(host for host in board.hosts if host in set(chosen))


def _heading(columns: int) -> Text:
    return Text(" " * (columns + 2) + "".join(f"{phase:<{_CELL_COLUMNS}}" for phase in PHASES).rstrip(), style="bold")


def _line(host: str, columns: int, cells: list[Text]) -> Text:
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(host if len(host) <= columns else host[: columns - 1] + "…")
    line.pad_right(columns + 2 - len(line))
    for cell in cells:
        cell.pad_right(max(0, _CELL_COLUMNS - len(cell)))
        line.append_text(cell)
    line.rstrip()
    return line


def _summary(board: Board, hosts: tuple[str, ...], now_s: float) -> Text:
    """`12.3 s · 2 at work, 1 waiting · 92 hosts not shown`."""
    parts = [f"{now_s - (board.began_s or 0.0):.1f} s"]
    if not board.ended:
        counts = Counter(board.state(host) for host in board.hosts)
        parts.append(", ".join(f"{counts[state]} {word}" for state, word in _WORDS.items() if counts[state]))
    hidden = len(board.hosts) - len(hosts)
    if hidden:
        parts.append(f"{hidden} hosts not shown")
    return Text(" · ".join(parts), style="bold")


def _sign(cell: Cell, now_s: float) -> Text:
    sign, style = _LOOK["back"] if cell.back and cell.state == "running" else _LOOK[cell.state]
    if cell.state == "waiting":
        return Text(sign, style=style)
    until = now_s if cell.state == "running" else cell.until_s
    return Text(f"{sign} {until - cell.since_s:.1f}s", style=style)
