"""Convolutions and pools on screen."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from nnviz.experiment import combine
from nnviz.frame.focus import Quantity
from nnviz.frame.matrix_views import TilesView
from nnviz.remote.client import LocalTrainer
from nnviz.remote.messages import Order
from nnviz.tui.app import NnvizApp
from tests.tui.conftest import TABLES, OpenApp

LAYERS = "conv 4 3x3 batchnorm relu, pool 2, conv 6 3x3 tanh dropout 0.2, globalpool, dense 5 tanh"
CONV1, POOL1, CONV2, GLOBALPOOL1 = ("left_square_bracket " * k for k in (5, 4, 3, 2))
SIZES = [(80, 24), (120, 40), (200, 50)]
SnapCompare = Callable[..., bool]


def maps_order(order: Order, layers: str = LAYERS) -> Order:
    """In float64 the last digits, which differ from processor to processor, are far from those that are shown."""
    tables = {"network": {"layers": layers}, "training": {"dtype": "float64", "batch_size": 20}}
    return replace(order, experiment=combine(TABLES, tables))


async def _ready(pilot: Pilot[object]) -> None:
    await pilot.app.ready.wait()  # type: ignore[attr-defined]
    await pilot.pause()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(
    "keys",
    [f"u b {CONV1} 4 w", f"u b {POOL1} 4 w w w", f"u b {CONV2} 1 w w w", f"u b {GLOBALPOOL1} 4"],
    ids=["kernels", "pool", "maps", "globalpool"],
)
def test_network_of_maps(snap_compare: SnapCompare, order: Order, size: tuple[int, int], keys: str) -> None:
    app = NnvizApp(LocalTrainer(maps_order(order)), "pets")
    assert snap_compare(app, press=keys.split(), terminal_size=size, run_before=_ready)


@pytest.mark.parametrize("keys", [f"b {CONV1} w", f"b {POOL1} w w w"], ids=["kernels", "pool"])
def test_without_colours(snap_compare: SnapCompare, order: Order, keys: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = NnvizApp(LocalTrainer(maps_order(order)), "pets")
    assert snap_compare(app, press=keys.split(), terminal_size=(120, 40), run_before=_ready)


@pytest.mark.parametrize(
    ("layers", "size"),
    [
        (LAYERS, (60, 16)),
        ("batchnorm, conv 3 5x5 stride 2, flatten, dropout 0.1", (123, 38)),
        ("dropout 0.2, dense 3 relu", (60, 16)),
        (", ".join(["conv 3 1x1 relu"] * 4), (123, 38)),
    ],
    ids=["pools", "batchnorm first", "dropout first", "deep"],
)
async def test_every_layer_can_be_looked_at_at_every_stage(
    open_app: OpenApp, order: Order, layers: str, size: tuple[int, int]
) -> None:
    async with open_app(size, maps_order(order, layers)) as driver:
        await driver.press("4")
        depth = len(driver.frame.layers)
        blocks = driver.frame.layers[-1].block + 1
        for stage in range(2 * depth + 3):
            await driver.press("n", "w")
            if stage % 6 == 0:
                for _ in range(blocks):
                    await driver.press("left_square_bracket", "right")
                await driver.press(*["right_square_bracket"] * (stage % blocks), "1", "4", "down")
            strips = driver.app.screen._compositor.render_strips()
            assert {strip.cell_length for strip in strips} == {size[0]}


async def test_the_cursor_reads_the_number_of_a_kernel(open_app: OpenApp, order: Order) -> None:
    async with open_app(order=maps_order(order)) as driver:
        frame = await driver.press("b", *CONV1.split(), "w", "4")
        tiles = frame.matrix
        assert isinstance(tiles, TilesView)
        assert tiles.columns is not None
        weights = driver.app.link.trainer.service.session.trainer.network.layers[0].weights.values  # type: ignore[attr-defined]
        seen = set()
        for key in ["down"] * 5 + ["right"] * 8:
            await driver.press(key)
            found = re.search(r"([+−]?[\d.e−]+) · map (\d+)→(\d+), row (\d), column (\d)", driver.text())
            assert found is not None
            before, here, row, column = (int(part) for part in found.groups()[1:])
            assert float(found[1].replace("−", "-")) == pytest.approx(weights[row, column, before, here], rel=0.05)
            seen.add((before, here, row, column))
        assert len(seen) == 13


async def test_the_cursor_says_what_a_pool_kept(open_app: OpenApp, order: Order) -> None:
    async with open_app(order=maps_order(order)) as driver:
        frame = await driver.press("f", *POOL1.split(), "w", "w", "w", "4")
        tiles = frame.matrix
        assert isinstance(tiles, TilesView)
        assert tiles.before is not None
        assert tiles.kept is not None
        fates = []
        for key in ["home", *["right"] * 8]:
            await driver.press(key)
            found = re.search(r"([+−]?[\d.e−]+) (kept|lost) · map (\d+), row (\d), column (\d)", driver.text())
            assert found is not None
            place = int(np.flatnonzero(tiles.rows == int(found[3]))[0]), int(found[4]), int(found[5])
            assert (found[2] == "kept") == tiles.kept[place]
            assert float(found[1].replace("−", "-")) == pytest.approx(float(tiles.before[place]), rel=0.05)
            fates.append(found[2])
        assert {"kept", "lost"} == set(fates)


async def test_titles_say_what_is_seen(open_app: OpenApp, order: Order) -> None:
    expected = {
        (CONV1, Quantity.WEIGHT): "Kernels W · conv1 · 3×3, 3→4 maps",
        (CONV1, Quantity.UPDATE): "Update ΔW · conv1 · 3×3, 3→4 maps",
        (CONV1, Quantity.ACTIVATION): "Feature maps · conv1 of this example",
        (CONV1, Quantity.GRADIENT): "Gradient ∂L/∂W · conv1 · 3×3, 3→4 maps",
        (POOL1, Quantity.WEIGHT): "has no weights between maps: it only keeps the largest",
        (POOL1, Quantity.UPDATE): "has no weights between maps: it only keeps the largest",
        (POOL1, Quantity.ACTIVATION): "Before pool1 · what it kept stands out",
        (POOL1, Quantity.GRADIENT): "Gradient ∂L/∂a · pool1 of this example",
        (GLOBALPOOL1, Quantity.WEIGHT): "has no weights between maps: it only takes the mean",
        (GLOBALPOOL1, Quantity.UPDATE): "has no weights between maps: it only takes the mean",
        (GLOBALPOOL1, Quantity.ACTIVATION): "Before globalpool1 of this example",
        (GLOBALPOOL1, Quantity.GRADIENT): "Gradient ∂L/∂a · globalpool1 of this example",
    }
    seen = set()
    async with open_app((200, 50), maps_order(order)) as driver:
        await driver.press("u")
        for keys in (CONV1, POOL1, GLOBALPOOL1):
            await driver.press(*["right_square_bracket"] * 9, *keys.split())
            for _ in Quantity:
                frame = await driver.press("w")
                assert expected[keys, frame.matrix.quantity] in driver.text()
                seen.add((keys, frame.matrix.quantity))
    assert seen == set(expected)


async def test_the_diagram_says_what_it_leaves_out_and_shows_the_focused_and_the_lit_layer(
    open_app: OpenApp, order: Order
) -> None:
    async with open_app((80, 24), maps_order(order, ", ".join(["conv 3 1x1 relu"] * 9))) as driver:
        lines = driver.text().splitlines()
        assert re.search(r"\+8 +conv8 +conv9 +dense1", lines[4])
        await driver.press("n", "n", "n")
        lines = driver.text().splitlines()
        assert re.search(r"\+2 +▶conv2 +\+6 +conv9 +dense1", lines[4]), lines[4]
        assert lines[5].count("more") == 2
