"""Every pane has a place, no two have the same, and what is short leaves its room to others."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.geometry import Region, Size

from nnviz.experiment import combine
from nnviz.frame.focus import Focus
from nnviz.frame.frame import Rates, State
from nnviz.frame.stages import Phase
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.camera import Camera
from nnviz.tui.drawing import diagram
from nnviz.tui.drawing.palette import DARK
from nnviz.tui.layouts import TABBED, Wants, arrange
from tests.tui.conftest import OpenApp

ALL = {"network", "example", "prediction", "errors", "loss", "heatmap", "story"}
PICTURES = Wants(prediction=5, errors=5, picture=32, features=0, begun=True, inspects=False)
WANTS = st.builds(
    Wants,
    prediction=st.integers(4, 13),
    errors=st.integers(4, 13),
    picture=st.sampled_from([0, 8, 28, 32, 128]),
    features=st.just(0) | st.integers(5, 14),
    begun=st.booleans(),
    inspects=st.booleans(),
)


@settings(max_examples=200, deadline=None)
@given(st.integers(60, 240), st.integers(13, 77), WANTS, st.sampled_from(TABBED))
def test_panes_fill_the_body_and_do_not_overlap(width: int, height: int, wants: Wants, tab: str) -> None:
    wants = wants._replace(features=0) if wants.picture else wants
    regions = arrange(Size(width, height), wants, tab, None)
    taken = np.zeros((height, width), int)
    for region in regions.values():
        assert region.width > 2
        assert region.height > 0
        assert Region(0, 0, width, height).contains_region(region)
        taken[region.y : region.bottom, region.x : region.right] += 1
    assert (taken == 1).all()


@pytest.mark.parametrize("size", [(120, 37), (160, 45), (200, 47)])
def test_few_errors_leave_their_room_to_the_curve(size: tuple[int, int]) -> None:
    regions = arrange(Size(*size), PICTURES, "network", None)
    assert regions["errors"].height == PICTURES.errors
    assert regions["loss"].height >= 17
    more = arrange(Size(*size), PICTURES._replace(errors=13), "network", None)
    assert more["errors"].height == 13


@pytest.mark.parametrize("outputs", [2, 10])
def test_all_panes_are_on_screen_where_it_is_narrow_and_high(outputs: int) -> None:
    wants = PICTURES._replace(prediction=outputs + 3, errors=outputs + 3)
    regions = arrange(Size(100, 47), wants, "heatmap", None)
    assert set(regions) == ALL
    assert regions["prediction"].height == outputs + 3
    inspecting = arrange(Size(100, 47), wants._replace(inspects=True), "heatmap", None)
    assert {"inspect", "heatmap", "network", "prediction", "loss"} < set(inspecting)


def test_ten_outputs_are_all_shown_before_there_is_a_curve() -> None:
    wants = PICTURES._replace(prediction=13, errors=13, begun=False)
    assert arrange(Size(80, 21), wants, "network", None)["prediction"].height == 13
    assert arrange(Size(120, 37), wants, "network", None)["prediction"].height == 13
    assert arrange(Size(80, 21), wants._replace(begun=True), "network", None)["loss"].height == 8


@pytest.mark.parametrize(("width", "columns"), [(42, 3), (60, 3), (100, 4)])
def test_names_of_outputs_are_whole_and_columns_have_room_for_numbers(width: int, columns: int) -> None:
    tables = {"data": {"source": "language"}, "network": {"layers": "dense 32 relu"}}
    experiment = combine(tables)
    trainer = assemble(experiment, open_dataset(experiment))
    trainer.finish_phase(Phase.LOSS)
    frame = Camera(trainer).take(Focus(block=1), State.PAUSED, Rates())
    rows = [strip.text for strip in diagram.draw(frame, DARK, width, 18)]
    assert len(diagram.spots(frame, width, 18)) == columns
    last = [row.rpartition("●")[2].split() for row in rows if row.count("●") == columns]
    assert {name for name, _ in last} <= set(trainer.dataset.class_names)
    assert any(row.rstrip().endswith(value) for row in rows for _, value in last)
    assert all(name in "\n".join(rows) for name in trainer.dataset.class_names)


async def test_before_there_is_a_curve_each_example_has_its_loss(open_app: OpenApp) -> None:
    async with open_app() as driver:
        loss = driver.screen.query_one("#loss")
        labels = [row.text.split()[1] for row in loss.rows() if row.text.strip()]
        assert "·" in loss.rows()[0].text
        await driver.press("f")
        for place, label in enumerate(labels[:5]):
            frame = driver.frame
            row = next(row.text for row in loss.rows() if row.text.startswith("▶"))
            number, name, told = row.split()[:3]
            assert number == f"▶#{frame.example.number + 1}"
            assert name == label == frame.task.class_names[frame.example.label]
            assert frame.example.place == place
            assert float(told) == pytest.approx(-np.log(frame.example.prediction[frame.example.label]), rel=5e-3)
            await driver.press("full_stop")
        # A click on a row is a look at its example, and the first step begins the curve.
        await driver.pilot.click("#loss", offset=(5, 1))
        await driver.pilot.pause()
        assert driver.frame.example.place == 0
        await driver.press("u")
        assert driver.frame.batch is None
        assert "train" in loss.rows()[0].text


async def test_errors_have_the_rows_that_the_layer_has_units(open_app: OpenApp) -> None:
    async with open_app() as driver:
        await driver.press("b")
        pane = driver.screen.query_one("#errors")
        for keys, rows in (("left_square_bracket", 5), ("left_square_bracket", 6), ("right_square_bracket", 5)):
            await driver.press(keys)
            assert len([row for row in pane.rows()[1:] if row.text.strip()]) == rows == pane.content_size.height - 1
