"""What the screen looks like, at every size and in every colour."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.color import Color, ColorSystem
from textual.pilot import Pilot

from nnviz.experiment import combine
from nnviz.remote.client import LocalTrainer
from nnviz.remote.messages import Order
from nnviz.tui.app import NnvizApp
from nnviz.tui.drawing.colours import of_16
from nnviz.tui.panes.pane import Pane
from tests.tui.conftest import TABLES, OpenApp

# In float64 the last digits, which differ from processor to processor, are far from those that are shown.
EXACT = combine(TABLES, {"training": {"dtype": "float64"}})
SIZES = [(80, 24), (120, 40), (200, 50)]
SnapCompare = Callable[..., bool]


async def _ready(pilot: Pilot[object]) -> None:
    await pilot.app.ready.wait()  # type: ignore[attr-defined]
    await pilot.pause()


def _app(order: Order, light: bool = False) -> NnvizApp:
    return NnvizApp(LocalTrainer(replace(order, experiment=EXACT)), "pets", light)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(
    "keys",
    ["", "u u u f", "u u u b left_square_bracket", "u u u u n w w"],
    ids=["ready", "loss", "backprop", "forward"],
)
def test_training(snap_compare: SnapCompare, order: Order, size: tuple[int, int], keys: str) -> None:
    assert snap_compare(_app(order), press=keys.split(), terminal_size=size, run_before=_ready)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("keys", ["question_mark", "u t"], ids=["help", "test"])
def test_pages(snap_compare: SnapCompare, order: Order, size: tuple[int, int], keys: str) -> None:
    assert snap_compare(_app(order), press=keys.split(), terminal_size=size, run_before=_ready)


@pytest.mark.parametrize("tab", ["2", "3", "4"], ids=["example", "errors", "heatmap"])
def test_tabs(snap_compare: SnapCompare, order: Order, tab: str) -> None:
    assert snap_compare(_app(order), press=["u", "b", tab], terminal_size=(80, 24), run_before=_ready)


def test_light(snap_compare: SnapCompare, order: Order) -> None:
    assert snap_compare(_app(order, light=True), press=["u", "b"], terminal_size=(120, 40), run_before=_ready)


def test_without_colours(snap_compare: SnapCompare, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(_app(order), press=["u", "b"], terminal_size=(120, 40), run_before=_ready)


def test_single_output(snap_compare: SnapCompare, order: Order) -> None:
    experiment = combine(TABLES, {"training": {"dtype": "float64"}, "network": {"output": "single", "layers": ""}})
    app = NnvizApp(LocalTrainer(replace(order, experiment=experiment)), "pets")
    assert snap_compare(app, press=["b"], terminal_size=(120, 40), run_before=_ready)


async def test_too_small_says_so_in_one_line(open_app: OpenApp) -> None:
    async with open_app((59, 15)) as driver:
        lines = [line for line in driver.text().splitlines() if line.strip()]
        assert [line.strip() for line in lines] == ["nnviz needs 60×16, this is 59×15"]
        await driver.pilot.resize_terminal(60, 16)
        await driver.pilot.pause()
        assert "Prediction" in driver.text()


@pytest.mark.parametrize("key", ["B", "g", "h", "o", "t", "i", "v", "equals_sign", "question_mark", "ctrl+p"])
async def test_a_page_stays_in_a_window_as_narrow_as_can_be(open_app: OpenApp, key: str) -> None:
    async with open_app((80, 24)) as driver:
        await driver.press("u", key)
        for width in range(12, 0, -1):
            await driver.pilot.resize_terminal(width, 24)
            await driver.pilot.pause()
        assert driver.app.fault is None


@pytest.mark.parametrize("size", [(60, 16), (79, 23), (81, 25), (109, 33), (110, 33), (133, 37), (240, 70)])
async def test_no_row_is_longer_or_shorter_than_the_screen(open_app: OpenApp, size: tuple[int, int]) -> None:
    async with open_app(size) as driver:
        await driver.press("u", "b")
        strips = driver.app.screen._compositor.render_strips()
        assert {strip.cell_length for strip in strips} == {size[0]}
        assert "Prediction" in driver.text()
        assert "Loss" in driver.text()


async def test_the_worked_example_is_on_screen(open_app: OpenApp) -> None:
    """Logits that give p = [0.20, 0.80] and the label cat: errors −0.80 and +0.80, cross-entropy 1.61."""
    import numpy as np

    async with open_app() as driver:
        trainer = driver.app.link.trainer.service.session.trainer  # type: ignore[attr-defined]
        cat = int(np.flatnonzero(trainer.engine.batch.targets[:, 0] == 1)[0])
        await driver.press(*["full_stop"] * cat, *["n"] * 5)
        trainer.engine.outputs[-1][cat] = np.log([0.2, 0.8])
        await driver.press("n")
        text = driver.text()
        for shown in ("0.200", "0.800", "−0.800", "+0.800", "p(cat) = 0.200", "0.200 − 1 = −0.800", "1.61"):
            assert shown in text
        assert "said dog ✗" in text


@pytest.mark.parametrize(
    ("keys", "shown"),
    [("u f", b"PAUSED"), ("< < < < < < < < < space", b"FINISHED")],
    ids=["stepped", "at the slowest pace"],
)
def test_a_screenshot_has_the_same_bytes_each_time(order: Order, tmp_path: Path, keys: str, shown: bytes) -> None:
    from nnviz.tui.screenshot import screenshot

    pictures = [tmp_path / "a.svg", tmp_path / "b.svg"]
    short = combine(TABLES, {"training": {"dtype": "float64"}, "stopping": {"steps": 2}})
    for picture in pictures:
        screenshot(replace(order, experiment=short, out=picture.with_suffix("")), picture, keys.split(), (120, 40))
    first, second = (picture.read_bytes() for picture in pictures)
    assert first == second
    assert shown in first


def is_one_of(system: ColorSystem, colour: Color) -> bool:
    """Of 16, by what it looks like; of more, by its number."""
    if system is ColorSystem.STANDARD:
        return tuple(colour.get_truecolor()) in map(of_16, range(16))
    return colour.downgrade(system) == colour


@pytest.mark.parametrize(
    ("variables", "system"),
    [({"COLORTERM": ""}, ColorSystem.EIGHT_BIT), ({"COLORTERM": "", "TERM": "linux"}, ColorSystem.STANDARD)],
    ids=["256", "16"],
)
async def test_panes_ask_for_no_colour_that_the_terminal_does_not_have(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], system: ColorSystem
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    async with open_app() as driver:
        for _ in range(4):
            await driver.press("b", "[", "w")
            for pane in driver.screen.query(Pane):
                for segment in (segment for line in pane.paint() for segment in line):
                    for colour in (segment.style.color, segment.style.bgcolor):
                        assert is_one_of(system, colour), (pane.id, segment)


@pytest.mark.parametrize("variables", [{"COLORTERM": ""}, {"COLORTERM": "", "TERM": "linux"}], ids=["256", "16"])
def test_few_colours(
    snap_compare: SnapCompare, order: Order, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert snap_compare(_app(order), press=["u", "b"], terminal_size=(120, 40), run_before=_ready)
