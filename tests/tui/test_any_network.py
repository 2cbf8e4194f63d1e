"""Any network on any data, drawn by every pane at every size, and under every key: nothing breaks, every row fits."""

import asyncio
import re
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich import cells
from rich.cells import cell_len
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

from nnviz import outside_text
from nnviz.experiment import combine
from nnviz.frame.focus import Focus
from nnviz.frame.frame import Rates, State
from nnviz.remote import beginnings, session
from nnviz.remote.client import LocalTrainer
from nnviz.remote.messages import Order
from nnviz.training.assembly import assemble
from nnviz.training.camera import Camera
from nnviz.tui.app import NnvizApp
from nnviz.tui.drawing import diagram, rows
from nnviz.tui.drawing.palette import DARK, DARK_16, LIGHT_256, Palette
from nnviz.tui.keys import KEYS
from nnviz.tui.layouts import SMALLEST, TABBED, arrange
from nnviz.tui.panes import framed_pane
from nnviz.tui.panes.framed_pane import FramedPane
from nnviz.tui.screens.training import PANES
from nnviz.tui.wants import wants_of
from tests.tui import chance

LARGEST = (200, 50)
NUMBER = re.compile(r"[+−-]?\d[\d,]*(\.\d+)?(e[−-]?\d+)?%?")
# What a pane may be given on a screen of at most that size.
ROOMS = st.tuples(st.integers(1, LARGEST[0] - 2), st.integers(1, LARGEST[1] - 5))
PALETTES = [DARK, LIGHT_256, DARK_16, replace(DARK, system=None)]
# Those of the training screen; q would leave.
PRESSED = [binding.key.split(",")[0] for binding in KEYS if binding.id != "screen.quit"]
PRESSED += ["tab", "shift+tab", "up", "down", "left", "escape"]


def widths(strips: list[Strip]) -> set[int]:
    """Counted from the text: a strip believes the length that it is given."""
    return {Strip(list(strip)).cell_length for strip in strips} | {strip.cell_length for strip in strips}


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(random=chance.RANDOMS, rooms=st.lists(ROOMS, min_size=1, max_size=5), palette=st.sampled_from(PALETTES))
def test_every_pane_draws_any_frame_in_any_room(random: Random, rooms: list[tuple[int, int]], palette: Palette) -> None:
    frame = chance.frame(random)
    for pane in (kind() for kind in PANES):
        pane.palette = palette
        for width, height in rooms:
            assert widths(pane.draw(frame, width, height)) <= {width}, (type(pane).__name__, width, height)
            if isinstance(pane, FramedPane):
                assert all(text.isprintable() for text in pane.caption(frame, width, height))


class Cuts:
    """Notes every text that is cut in the middle of a number, wherever panes cut texts."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.found: list[tuple[str, int]] = []

        def set_cell_size(text: str, total: int) -> str:
            self._note(text, total)
            return cells.set_cell_size(text, total)

        def cut(text: str, width: int) -> str:
            short = outside_text.cut(text, width)
            if short != text:
                self._note(text, width - 1 - width // 2)
                self._note(text, cell_len(text) - width // 2)
            return short

        class NotingStrip(Strip):
            def adjust_cell_length(strip, length: int, style: Style | None = None) -> Strip:  # noqa: N805
                self._note(strip.text, length)
                return Strip.adjust_cell_length(strip, length, style)

        patch.setattr(rows, "set_cell_size", set_cell_size)
        patch.setattr(rows, "Strip", NotingStrip)
        patch.setattr(framed_pane, "cut", cut)

    def _note(self, text: str, at: int) -> None:
        places = ((cell_len(text[: n.start()]), cell_len(text[: n.end()])) for n in NUMBER.finditer(text))
        if any(start < at < end for start, end in places):
            self.found.append((text, at))


def test_a_number_that_is_cut_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    cuts = Cuts(monkeypatch)
    rows.fit("loss 0.123", 10)
    rows.fit("a name", 4)
    framed_pane.label("layer 1 of 2", 40)
    assert not cuts.found
    rows.fit("loss 0.123", 8)
    assert cuts.found == [("loss 0.123", 7)]


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(random=chance.RANDOMS)
def test_no_number_is_cut_on_any_screen(random: Random) -> None:
    frame = chance.frame(random)
    size = random.choice([SMALLEST, Size(80, 24), Size(random.randint(60, 200), random.randint(16, 50))])
    with pytest.MonkeyPatch.context() as patch:
        cuts = Cuts(patch)
        for tab, maximized in [*((tab, None) for tab in TABBED), (TABBED[0], random.choice(TABBED))]:
            body = Size(size.width, size.height - 3)
            regions = arrange(body, wants_of(frame), tab, maximized)
            for pane in (kind() for kind in PANES):
                if isinstance(pane, FramedPane) and pane.id in regions:
                    width, height = (side - 2 for side in regions[pane.id].size)
                    pane.draw(frame, width, height)
                    for text in pane.caption(frame, width, height):
                        framed_pane.label(text, width + 2)
                elif not isinstance(pane, FramedPane):
                    pane.draw(frame, size.width, 1)
                assert not cuts.found, (pane.id, size, cuts.found)


@pytest.mark.parametrize(
    "layers",
    [
        "flatten",
        "conv 2 3x3, flatten",
        "pool 4, flatten, dense 8",
        "conv 8 3x3 relu, flatten, dense 16 relu",
        "batchnorm, conv 3 3x3, globalpool, flatten, dense 300 relu, dropout 0.3",
    ],
)
def test_the_diagram_of_maps_that_are_flattened_at_every_width(layers: str) -> None:
    trainer = assemble(combine({"network": {"layers": layers}, "training": {"batch_size": 4}}), chance.pictures(14, 14))
    trainer.step()
    frame = Camera(trainer).take(Focus(), State.PAUSED, Rates())
    for width in range(18, LARGEST[0]):
        assert widths(diagram.draw(frame, DARK, width, 12)) == {width}


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(random=chance.RANDOMS)
def test_every_key_on_any_network_at_sizes_that_change(
    tmp_path_factory: pytest.TempPathFactory, random: Random
) -> None:
    experiment, dataset = chance.experiment(random)
    folder = tmp_path_factory.mktemp("run")
    sizes = [(random.randint(SMALLEST.width, LARGEST[0]), random.randint(SMALLEST.height, LARGEST[1])) for _ in "123"]
    pressed = [random.choices(PRESSED, k=6) for _ in sizes]
    note(f"{experiment.network} · {list(zip(sizes, pressed, strict=True))}")

    async def drive() -> None:
        app = NnvizApp(LocalTrainer(Order(experiment, folder / "run")), "some data")
        async with app.run_test(size=sizes[0]) as pilot:
            await app.ready.wait()
            for size, keys in zip(sizes, pressed, strict=True):
                await pilot.resize_terminal(*size)
                for key in keys:
                    await pilot.press(key)
                await pilot.pause()
                assert widths(app.screen._compositor.render_strips()) == {size[0]}

    with pytest.MonkeyPatch.context() as patch, np.errstate(all="ignore"):
        patch.chdir(folder)  # where s keeps its pictures
        for room in (beginnings, session):
            patch.setattr(room, "open_dataset", lambda *_: dataset)
        asyncio.run(drive())
