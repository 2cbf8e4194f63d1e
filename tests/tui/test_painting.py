"""What a pane keeps of its painting is what it would paint anew."""

from textual.geometry import Region

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
