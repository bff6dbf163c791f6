"""The live view: pictures from event lists, and one in a real terminal."""

import contextlib
import io
import os
import sys
import threading
from datetime import datetime

import pytest
from rich.console import Console

from deploy.model.run import Event
from deploy.reporting.board import Board
from deploy.reporting.terminal import Terminal, picture
from tests.unit.reporting.samples import FLEET
from tests.unit.reporting.story import BEGIN, committed_events, plan, stuck_events, undone_events

FAILING = """\
                 lock     stage    cutover  verify   attest
prod-trade-01    ✓ 0.2s   ✓ 4.0s   ▶ 0.9s   ·        ·
  waiting for healthy-TradingSystem-OrderManager
prod-trade-02    ✓ 0.2s   ✓ 4.0s   ✓ 3.7s   ·        ·
prod-gateway-01  ✓ 0.2s   ✓ 4.0s   ·        ·        ·
12.5 s · 1 at work, 2 waiting
"""
GOING_BACK = """\
prod-trade-01    way back ↶ 1.1s
  back-healthy-TradingSystem-DataCapture
prod-trade-02    cutover  ↶ 3.7s
prod-gateway-01  stage    ✓ 4.0s
21.0 s · 1 at work, 1 waiting, 1 taken
back
prod-trade-01:
TradingSystem-OrderManager:
healthy-TradingSystem-OrderManager: no
answer from http://127.0.0.1:5055/health
within 60 s (status 503)
taking back what was committed
"""


def after_s(event: Event) -> float:
    return (datetime.fromisoformat(event.ts) - BEGIN).total_seconds()


def board_at(events: list[Event], hosts: tuple[str, ...], now_s: float) -> Board:
    board = Board(hosts)
    for event in events:
        if after_s(event) <= now_s:
            board.take(event, after_s(event))
    return board


def drawn(board: Board, now_s: float, width: int, height: int = 24) -> str:
    text = io.StringIO()
    Console(file=text, width=width, height=height).print(picture(board, now_s, width, height))
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


HOSTS = tuple(host.host for host in plan().hosts)


def test_80_columns_while_a_gate_is_waited_for() -> None:
    assert drawn(board_at(undone_events(plan()), HOSTS, 12.5), 12.5, 80) == FAILING


def test_40_columns_on_the_way_back() -> None:
    assert drawn(board_at(undone_events(plan()), HOSTS, 21.0), 21.0, 40) == GOING_BACK


def test_a_failure_stays_in_sight_after_later_phases() -> None:
    board = board_at(stuck_events(plan()), HOSTS, 99.0)
    board.take(Event("", "", "", "verify", "", "done"), 99.0)
    assert drawn(board, 99.0, 40).startswith("prod-trade-01    cutover  ✗")


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    for now_s in (0.1, 5.0, 12.5, 21.0, 26.0):
        text = drawn(board_at(undone_events(plan()), HOSTS, now_s), now_s, width)
        assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("height", [12, 24])
def test_a_large_fleet_fits_and_shows_who_is_at_work(height: int) -> None:
    fleet = plan(FLEET)
    hosts = tuple(host.host for host in fleet.hosts)
    text = drawn(board_at(committed_events(fleet), hosts, 60.0), 60.0, 80, height)
    assert len(text.splitlines()) <= height
    assert "prod-trade-16  ✓ 0.2s   ✓ 4.0s   ▶ 0.3s" in text
    assert "1 at work, 99 waiting" in text
    assert "hosts not shown" in text


def test_before_the_first_event_there_is_nothing() -> None:
    assert drawn(Board(HOSTS), 1.0, 80) == "\n"


def played(events: list[Event], environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """What a terminal of 80 columns receives."""
    for name in ("NO_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", **environment}.items():
        monkeypatch.setenv(name, value)
    controller, terminal = pytest.importorskip("pty").openpty()
    received: list[bytes] = []
    reader = threading.Thread(target=read_all, args=(controller, received))
    reader.start()
    with os.fdopen(terminal, "w", encoding="utf-8") as stream:
        view = Terminal(HOSTS, Console(file=stream, width=80, height=24), lambda: 30.0)
        for event in events:
            view.show(event)
        view.close()
        view.close()
    reader.join(10)
    os.close(controller)
    return b"".join(received).decode()


def read_all(controller: int, received: list[bytes]) -> None:
    with contextlib.suppress(OSError):  # how Linux tells that the other side was closed
        while part := os.read(controller, 65536):
            received.append(part)


def test_in_a_real_terminal_the_last_picture_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    before = sys.stdout, sys.stderr
    text = played(undone_events(plan()), {}, monkeypatch)
    assert (sys.stdout, sys.stderr) == before
    assert "\x1b[32m" in text
    assert "taking back what was committed" in text
    assert text.endswith("\x1b[?25h")


def test_no_colour_where_it_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    text = played(undone_events(plan()), {"NO_COLOR": "1"}, monkeypatch)
    for colour in range(30, 38):
        assert f"\x1b[{colour}m" not in text
    assert "✗" in text or "↶" in text


def test_stdout_is_left_alone_while_it_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    before = sys.stdout, sys.stderr
    view = Terminal(HOSTS, Console(file=io.StringIO(), force_terminal=True), lambda: 0.0)
    try:
        assert (sys.stdout, sys.stderr) == before
    finally:
        view.close()
