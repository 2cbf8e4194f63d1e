"""The plane of two inputs on screen."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from nnviz.data.sources import find_source, suggested
from nnviz.experiment import combine
from nnviz.frame.frame import State
from nnviz.frame.plane_views import PointsView, SurfaceView
from nnviz.remote.client import LocalTrainer
from nnviz.remote.messages import Order
from nnviz.tui.app import NnvizApp
from nnviz.tui.drawing.palette import DARK
from nnviz.tui.drawing.surface import surface, told_place
from tests.tui.conftest import Driver, OpenApp

SIZES = [(80, 24), (120, 40), (200, 50)]
SnapCompare = Callable[..., bool]


def plane_order(order: Order, source: str, **stopping: int) -> Order:
    """In float64 the last digits, which differ from processor to processor, are far from those that are shown."""
    chosen = {"data": {"source": source}, "training": {"dtype": "float64", "threads": 1}, "stopping": stopping}
    return replace(order, experiment=combine(suggested(find_source(source)), chosen))


def several_order(order: Order, folder: Path) -> Order:
    """Five classes around a middle, in units that are not alike."""
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(5), 60)
    angles = 2 * np.pi * labels / 5
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1) * [50, 3000] + [100, 5000]
    np.savez(folder / "five.npz", x=points + generator.normal(size=(300, 2)) * [12, 800], y=labels)
    return plane_order(order, str(folder / "five.npz"))


def _trained(app: NnvizApp, epochs: int) -> Callable[[Pilot[object]], object]:
    """Presses `e` so many times, each when training has stopped again, and then `f`."""

    async def ready(pilot: Pilot[object]) -> None:
        await app.ready.wait()
        await pilot.pause()
        for _ in range(epochs):
            await pilot.press("e")
            await pilot.pause()
            while app.training:
                await pilot.pause(0.02)
        await pilot.press("f", "2")
        await pilot.pause()

    return ready


def surface_of(driver: Driver) -> str:
    """The example's pane, as characters and colours."""
    pane = driver.screen.query_one("#example")
    return "\n".join(repr(list(line)) for line in pane.rows())


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_spiral(snap_compare: SnapCompare, order: Order, size: tuple[int, int]) -> None:
    app = NnvizApp(LocalTrainer(plane_order(order, "spiral")), "spiral")
    assert snap_compare(app, terminal_size=size, run_before=_trained(app, 12))


@pytest.mark.parametrize("light", [False, True], ids=["dark", "light"])
def test_waves(snap_compare: SnapCompare, order: Order, light: bool) -> None:
    app = NnvizApp(LocalTrainer(plane_order(order, "waves")), "waves", light)
    assert snap_compare(app, terminal_size=(120, 40), run_before=_trained(app, 6))


def test_several_classes(snap_compare: SnapCompare, order: Order, tmp_path: Path) -> None:
    app = NnvizApp(LocalTrainer(several_order(order, tmp_path)), "five")
    assert snap_compare(app, terminal_size=(120, 40), run_before=_trained(app, 8))


@pytest.mark.parametrize("source", ["circles", "waves", "several"])
def test_without_colours(
    snap_compare: SnapCompare, order: Order, tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    chosen = several_order(order, tmp_path) if source == "several" else plane_order(order, source)
    app = NnvizApp(LocalTrainer(chosen), source)
    assert snap_compare(app, terminal_size=(120, 40), run_before=_trained(app, 8))


async def test_the_surface_changes_when_the_update_lands(open_app: OpenApp, order: Order) -> None:
    async with open_app(order=plane_order(order, "xor")) as driver:
        await driver.press("plus", "plus", "plus", "b")
        before = driver.frame
        assert before.surface is not None
        await driver.press("n")
        assert driver.frame.surface is not None
        np.testing.assert_array_equal(driver.frame.surface.values, before.surface.values)
        drawn = surface_of(driver)
        for _ in range(3):
            await driver.press("u")
        assert np.any(driver.frame.surface.values != before.surface.values)
        assert surface_of(driver) != drawn


async def test_the_surface_changes_while_training_runs(open_app: OpenApp, order: Order) -> None:
    async with open_app(order=plane_order(order, "spiral", epochs=100_000)) as driver:
        first = surface_of(driver)
        await driver.press("space")
        seen = set()
        while len(seen - {first}) < 3:
            await driver.pilot.pause(0.02)
            seen.add(surface_of(driver))
        assert driver.frame.state is State.RUNNING
        await driver.press("space")


async def test_the_focused_example_is_marked_and_told(open_app: OpenApp, order: Order) -> None:
    async with open_app(order=plane_order(order, "spiral")) as driver:
        places = set()
        for key in ["full_stop"] * 4:
            frame = await driver.press(key)
            assert frame.surface is not None
            assert frame.points is not None
            lines = driver.text().splitlines()
            row = next(y for y, line in enumerate(lines) if "(●)" in line)
            places.add((row, lines[row].index("(●)")))
            assert f" {told_place(frame.surface, frame.points)}" in driver.text()
        assert len(places) == 4
        assert "decision surface" in driver.text()
        # The middle of the screen's plane is the middle of the axes.
        assert re.search(r"−1\.1 +x +1\.1", driver.text())


async def test_maximised_it_fills_the_screen(open_app: OpenApp, order: Order) -> None:
    async with open_app((100, 40), order=plane_order(order, "circles")) as driver:
        await driver.press("2", "m")
        assert driver.text().count("▀") > 60 * 28
        assert {strip.cell_length for strip in driver.app.screen._compositor.render_strips()} == {100}


@pytest.mark.parametrize("size", [(60, 16), (79, 23), (110, 33), (133, 37), (240, 70)])
async def test_it_fits_screens_of_any_size(open_app: OpenApp, order: Order, size: tuple[int, int]) -> None:
    async with open_app(size, plane_order(order, "circles")) as driver:
        await driver.press("2", "f")
        assert {strip.cell_length for strip in driver.app.screen._compositor.render_strips()} == {size[0]}
        assert driver.text().count("▀") > 20
        assert "said" in driver.text()


def quarters() -> tuple[SurfaceView, PointsView]:
    """Blue in the upper half, strongest at the right; a point in each corner."""
    values = np.full((64, 64), 0.02, np.float32)
    values[:32] = np.linspace(0.5, 1, 64)
    corners = np.array([[-0.99, -0.99], [0.99, -0.99], [-0.99, 0.99], [0.99, 0.99]])
    classes = (values > 0.5).astype(np.int16)
    return (
        SurfaceView(0, 1, ("x", "y"), (-1, -1), (1, 1), classes, values, None),
        PointsView(corners, np.array([0, 0, 1, 1]), 4, 1),
    )


def test_up_is_up_and_right_is_right() -> None:
    strips = surface(*quarters(), ("low", "high"), 40, 18, DARK)
    lines = [strip.text for strip in strips]
    assert all(strip.cell_length == 40 for strip in strips)
    assert lines[0].strip().startswith("1 ●")
    assert lines[15].strip().startswith("−1 ●")
    # The focused example is at the lower right, its bracket just outside.
    assert lines[15].rstrip().endswith("(●)")
    assert re.search("−1 +x +1", lines[16])
    assert lines[17].split() == ["●", "low", "███████", "high", "●"]
    left = lines[0].index("●")
    cells = [
        [style.color.get_truecolor() for text, style, _ in strip.crop(left, left + 32) for _ in text]
        for strip in strips[:16]
    ]
    # Blue is the second class, orange the first.
    assert all(colour.blue >= colour.red for line in cells[1:8] for colour in line)
    assert all(colour.red > colour.blue for line in cells[8:15] for colour in line)
    assert cells[3][30].blue > cells[3][1].blue


def test_a_plane_without_room_for_axes_is_drawn_all_the_same() -> None:
    for width, height in [(30, 4), (8, 20), (3, 3), (2, 1)]:
        strips = surface(*quarters(), ("low", "high"), width, height, DARK)
        assert all(strip.cell_length == width for strip in strips)
        assert len(strips) <= max(height, 1)
