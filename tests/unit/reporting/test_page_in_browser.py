"""The report in a real browser: silent, alone, and no wider than a phone."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.reporting.page import render_page
from tests.unit.reporting.chromium import Chromium, chromium
from tests.unit.reporting.samples import reports

REPORTS = reports()
SMALLEST_CONTRAST = """
(() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = (colour, under) => {
    canvas.fillStyle = `rgb(${under.join(',')})`; canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return Array.from(canvas.getImageData(0, 0, 1, 1).data.slice(0, 3));
  };
  const light = (c) => c.map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = (e) => {
    if (!e) return rgb(getComputedStyle(document.documentElement).getPropertyValue('--bg'), [255, 255, 255]);
    return rgb(getComputedStyle(e).backgroundColor, behind(e.parentElement));
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let least = [99, ''];
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || ['SCRIPT', 'STYLE'].includes(e.tagName) || !e.checkVisibility()) continue;
    const back = behind(e), [a, b] = [light(rgb(getComputedStyle(e).color, back)), light(back)].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < least[0]) least = [ratio, `${e.tagName} ${e.className} ${walk.currentNode.data}`];
  }
  return least;
})()
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    paths = {name: folder / f"{name}.html" for name in REPORTS}
    for name, path in paths.items():
        path.write_text(render_page(REPORTS[name]), encoding="utf-8")
    return paths


@pytest.mark.parametrize("name", list(REPORTS))
def test_loads_without_a_complaint_or_a_request(browser: Chromium, pages: dict[str, Path], name: str) -> None:
    browser.open(pages[name], width=1200)
    assert browser.complaints == []
    assert browser.requests == []
    data = browser.value("document.getElementById('report').textContent")
    assert json.loads(data) == json.loads(json.dumps(REPORTS[name]))


@pytest.mark.parametrize("width", [360, 768, 1200])
@pytest.mark.parametrize("name", list(REPORTS))
def test_the_page_never_scrolls_sideways(browser: Chromium, pages: dict[str, Path], name: str, width: int) -> None:
    browser.open(pages[name], width=width)
    browser.value("document.querySelectorAll('details').forEach(e => e.open = true)")
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value("document.querySelector('main').getBoundingClientRect().right") <= width


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["committed", "undone", "stuck", "refused"])
def test_text_stands_out_from_what_lies_behind_it(
    browser: Chromium, pages: dict[str, Path], name: str, dark: bool
) -> None:
    browser.open(pages[name], width=1200, dark=dark)
    browser.value("document.querySelectorAll('details').forEach(e => e.open = true)")
    ratio, where = browser.value(SMALLEST_CONTRAST)
    assert ratio >= 4.5, where


def test_everything_is_reached_with_the_keyboard(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["stuck"], width=360)
    reached = []
    for _ in range(60):
        browser.ask("Input.dispatchKeyEvent", type="keyDown", key="Tab", code="Tab", windowsVirtualKeyCode=9)
        reached.append(browser.value("document.activeElement.tagName"))
    summaries = browser.value("document.querySelectorAll('summary').length")
    assert reached[0] == "A"
    assert reached.count("SUMMARY") >= summaries
    browser.value("document.querySelector('summary').focus()")
    before = browser.value("document.querySelector('details').open")
    for kind in ("keyDown", "keyUp"):
        browser.ask("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r")
    assert browser.value("document.querySelector('details').open") is not before
