"""The cursor in the network's diagram, and the inspector that it opens."""

import re

import pytest
from msgspec.structs import replace

from nnviz.experiment import combine
from nnviz.frame.frame import State
from nnviz.insight.equations import Row
from nnviz.remote.messages import Order
from nnviz.tui.panes.inspector import InspectPane
from nnviz.tui.panes.network import NetworkPane
from tests.tui.conftest import ENDLESS, TABLES, Driver, OpenApp

SIZES = [(80, 24), (120, 40), (160, 48), (200, 50)]
EACH_SIZE = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


def columns(driver: Driver) -> list[list[object]]:
    return driver.screen.query_one(NetworkPane)._spots()


def pointed(driver: Driver) -> tuple[int, int | None]:
    focus = driver.frame.focus
    return (-1, focus.input) if focus.unit is None else (focus.block, focus.unit)


async def test_the_cursor_comes_to_every_node_that_is_shown(open_app: OpenApp) -> None:
    async with open_app((80, 24)) as driver:
        await driver.press("f", "1", "down", *["left"] * 6)
        for column, spots in enumerate(columns(driver)):
            assert {spot.block for spot in spots} == {column - 1}
            seen = set()
            for _ in spots:
                seen.add(pointed(driver))
                await driver.press("down")
            assert seen == {(spot.block, spot.unit) for spot in spots}
            await driver.press("right")


@EACH_SIZE
async def test_each_node_has_its_number_beside_it(open_app: OpenApp, size: tuple[int, int]) -> None:
    async with open_app(size) as driver:
        await driver.press("f")
        rows = [strip.text for strip in driver.screen.query_one(NetworkPane).rows()]
        for spot in [spot for spots in columns(driver) for spot in spots]:
            told = re.match(r"●(?: (?:cat|dog) +)?(0|[+−]?[\d.]+(?:e−\d)?|≈0)(?![\d.])", rows[spot.y][spot.x :])
            assert told, rows[spot.y]
            layers = [layer.units for layer in driver.frame.layers if layer.block == spot.block]
            units = layers[-1] if layers else driver.frame.input
            wide = [shown for shown in layers if shown.activations is not None and len(columns(driver)) > 4] or [units]
            values = [float(shown.activations[shown.indices == spot.unit][0]) for shown in wide]
            shown = float(told[1].replace("−", "-").replace("≈", ""))
            assert any(abs(value - shown) <= 0.0051 + abs(value) / 50 for value in values), rows[spot.y]


@EACH_SIZE
async def test_the_inspector_opens_with_the_cursor_and_closes_with_escape(
    open_app: OpenApp, size: tuple[int, int]
) -> None:
    async with open_app(size) as driver:
        inspector = driver.screen.query_one(InspectPane)
        await driver.press("b", "1")
        assert (driver.frame.unit, inspector.display) == (None, False)
        before = dict(driver.screen.query_one("#body").regions)
        await driver.press("down", "left", "left")
        assert driver.frame.unit is not None
        # A pane beside the others where there is room, else one of the tabs.
        assert inspector.display is (size[0] >= 110)
        await driver.press("5")
        assert inspector.has_focus
        assert f"Inspector · dense1 unit {driver.frame.unit.unit}" in driver.text()
        assert "z = Σ a · w" in driver.text()
        strips = driver.app.screen._compositor.render_strips()
        assert {strip.cell_length for strip in strips} == {size[0]}
        # Errors have as many rows as the layer that is looked at has units.
        await driver.press("1", "escape", "right_square_bracket", "right_square_bracket")
        assert driver.frame.unit is None
        assert driver.screen.query_one("#body").regions == before


async def test_the_mouse_points_at_a_node(open_app: OpenApp) -> None:
    async with open_app((120, 40)) as driver:
        await driver.press("f")
        spot = columns(driver)[2][3]
        # One cell of border.
        await driver.pilot.click("#network", offset=(spot.x + 1, spot.y + 1))
        await driver.pilot.pause()
        assert pointed(driver) == (spot.block, spot.unit)
        assert driver.frame.unit is not None


async def test_keys_one_after_the_other_move_the_cursor_each(open_app: OpenApp) -> None:
    async with open_app((120, 40)) as driver:
        await driver.press("f", "1", "down", "left", "left")
        start = [spot.unit for spot in columns(driver)[1]].index(driver.frame.focus.unit)
        await driver.pilot.press("down", "down", "right", "left", "down")
        await driver.wait_for(lambda: not driver.screen._link.busy)
        await driver.pilot.pause(0.1)
        spots = columns(driver)[1]
        assert driver.frame.focus.block == 0
        assert driver.frame.focus.unit in [spots[(start + by) % len(spots)].unit for by in (2, 3, 4)]


async def test_enter_unfolds_the_chain_rule_and_backspace_folds_it(open_app: OpenApp) -> None:
    async with open_app((120, 40)) as driver:
        await driver.press("b", "1", "down", "left", "left", "5")
        moment = driver.frame.moment
        links = len(driver.frame.unit.links)
        for _ in range(links):
            await driver.press("enter")
        inspector = driver.screen.query_one(InspectPane)
        told = "\n".join(strip.text for strip in inspector.draw(driver.frame, 60, 200))
        assert "from the loss" in told
        assert told.count("\n∂L/∂z · dense") == 3
        for _ in range(links + 2):
            await driver.press("backspace")
        told = "\n".join(strip.text for strip in inspector.draw(driver.frame, 60, 200))
        assert "from the loss" not in told
        # None of it was a training step.
        assert driver.frame.moment == moment
        await driver.press("1", "enter")
        assert driver.frame.moment != moment


async def test_left_and_right_choose_the_weight(open_app: OpenApp) -> None:
    async with open_app((120, 40)) as driver:
        await driver.press("b", "1", "down", "left", "left", "5")
        terms = [term.index for term in driver.frame.unit.sum.terms]
        assert driver.frame.unit.weight.input == terms[0]
        await driver.press("right", "right")
        assert driver.frame.unit.weight.input == terms[2]
        await driver.press("left")
        assert driver.frame.unit.weight.input == terms[1]
        assert driver.frame.focus.input == terms[1]


async def test_a_unit_is_taken_only_when_it_is_shown(open_app: OpenApp, order: Order) -> None:
    async with open_app((80, 24), replace(order, experiment=combine(TABLES, ENDLESS))) as driver:
        camera = driver.screen._link.trainer.service.session.camera
        asked: list[object] = []
        update = camera.update
        camera.update = lambda parts, *rest: asked.append(parts) or update(parts, *rest)
        await driver.press("b", "1", "down", "space")
        await driver.wait_for(lambda: len(asked) > 8)
        assert not any("unit" in parts for parts in asked)
        asked.clear()
        await driver.press("5")
        await driver.wait_for(lambda: any("unit" in parts for parts in asked))
        await driver.press("space")
        await driver.until(State.PAUSED)


def test_a_row_can_be_told_in_a_line() -> None:
    assert Row("unit 7", "0.41 · −0.3 =", "−0.123").text == "unit 7: 0.41 · −0.3 = −0.123"
    assert Row("bias", "", "+0.1").text == "bias = +0.1"
    assert Row("z = Σ a · w").text == "z = Σ a · w"
