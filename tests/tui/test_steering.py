"""The road in the app: where the car is steered, as a line and as a hill."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from rich.segment import Segment
from textual.pilot import Pilot
from textual.strip import Strip

from nnviz.experiment import combine
from nnviz.remote.client import LocalTrainer
from nnviz.remote.messages import Order
from nnviz.tui.app import NnvizApp
from nnviz.tui.drawing.palette import DARK
from nnviz.tui.drawing.steering import steered
from tests.tui.conftest import TABLES

SnapCompare = Callable[..., bool]


async def _ready(pilot: Pilot[object]) -> None:
    await pilot.app.ready.wait()  # type: ignore[attr-defined]
    await pilot.pause()


def _app(order: Order, output: str | None) -> NnvizApp:
    # In float64 the last digits, which differ from processor to processor, are far from those that are shown.
    road = {"data": {"source": "road", "image_size": 16}, "training": {"dtype": "float64", "learning_rate": 0.1}}
    experiment = combine(TABLES, road, {"network": {"output": output}})
    return NnvizApp(LocalTrainer(replace(order, experiment=experiment)), "road")


@pytest.mark.parametrize("output", [None, "hill"])
def test_road(snap_compare: SnapCompare, order: Order, output: str | None) -> None:
    assert snap_compare(_app(order, output), press=["u", "u", "f"], terminal_size=(120, 40), run_before=_ready)


def test_road_without_colours(snap_compare: SnapCompare, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(_app(order, "hill"), press=["u", "u", "f"], terminal_size=(120, 40), run_before=_ready)


@pytest.mark.parametrize(("told", "side"), [(-1.0, "left"), (1.0, "right"), (-40.0, "left"), (float("nan"), None)])
def test_the_letters_stand_where_the_lines_lead(told: float, side: str | None) -> None:
    empty = [Strip([Segment(" ")] * 21) for _ in range(10)]
    rows = [strip.text for strip in steered(empty, 0.0, told, DARK)]
    assert rows[5][10] == "y"
    place = rows[4].index("p")
    assert {"left": place < 10, "right": place > 10, None: place == 10}[side]
    assert all(len(row) == 21 for row in rows)
