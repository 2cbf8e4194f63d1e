"""What a pane keeps of its painting is what it would paint anew, and what it no longer shows it lets go of."""

import gc

import pytest
from textual.geometry import Region
from textual.strip import Strip

from nnviz.remote.messages import Order
from nnviz.tui.panes.pane import Pane
from tests.tui.conftest import OpenApp

KEYS = ("f", "b", "[", "w", "u", "enter", "tab", "full_stop", "x", "e", "m", "m", "l", "+", "R", "n")


def painted(pane: Pane) -> list[list[tuple[str, object]]]:
    strips = pane.render_lines(Region(0, 0, *pane.outer_size))
    return [[(segment.text, segment.style) for segment in strip] for strip in strips]


def painted_anew(pane: Pane) -> list[list[tuple[str, object]]]:
    pane.redraw()
    return painted(pane)


async def test_after_every_key_all_panes_are_as_if_painted_anew(open_app: OpenApp, order: Order) -> None:
    async with open_app((120, 40), order) as driver:
        for key in KEYS:
            await driver.press(key)
            for pane in driver.screen.query(Pane):
                if pane.display:
                    assert painted(pane) == painted_anew(pane), (key, pane.id)
        driver.app.theme = "nnviz-light"
        await driver.pilot.pause()
        for pane in driver.screen.query(Pane):
            assert painted(pane) == painted_anew(pane), pane.id


@pytest.mark.parametrize("variables", [{}, {"NO_COLOR": "1"}])
async def test_what_was_painted_over_is_gone_before_any_garbage_collection(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    async with open_app((120, 40)) as driver:
        gc.collect()
        gc.disable()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            await driver.press(*"fbufbu")
            gc.collect()
            left = [thing for thing in gc.garbage if isinstance(thing, Strip)]
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            gc.enable()
    # All panes together have more than a hundred lines; what is left is of Textual's own widgets.
    assert len(left) < 20
