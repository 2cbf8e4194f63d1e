"""What the panes say in cases that are easily said wrong: equal probabilities, smoothed labels, very many classes."""

import re
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from nnviz.array import Array
from nnviz.data.dataset import Dataset
from nnviz.data.split import Split
from nnviz.data.standardization import Standardization
from nnviz.experiment import combine
from nnviz.frame.focus import Focus
from nnviz.frame.frame import Frame, Rates, State
from nnviz.frame.plane_views import PointsView, SurfaceView
from nnviz.frame.stages import Phase
from nnviz.remote import messages
from nnviz.scores.class_score import Commonest, class_scores
from nnviz.scores.interval import wilson
from nnviz.training.assembly import assemble
from nnviz.training.camera import Camera
from nnviz.training.judgement import ClassJudgement
from nnviz.training.trainer import Trainer
from nnviz.tui.drawing.palette import DARK, LEVELS, Palette
from nnviz.tui.drawing.surface import surface
from nnviz.tui.panes.example import ExamplePane
from nnviz.tui.panes.network import NetworkPane
from nnviz.tui.panes.prediction import PredictionPane
from nnviz.tui.screens import test as test_screen

COLOURLESS = replace(DARK, system=None)


def trainer(names: tuple[str, ...], network: dict[str, Any] | None = None, **training: Any) -> Trainer:
    """Some points of the plane in classes of these names."""
    inputs = np.random.default_rng(0).normal(size=(4 * len(names), 2)).astype(np.float32)
    split = Split(inputs, np.arange(len(inputs)) % len(names), [f"example {k}" for k in range(len(inputs))])
    dataset = Dataset("some data", names, split, split, split, Standardization.of(inputs))
    tables = {"network": {"layers": "", **(network or {})}, "training": {"batch_size": 16, **training}}
    return assemble(combine(tables), dataset)


def frame_of(made: Trainer, example: int = 0) -> Frame:
    return Camera(made).take(Focus(example), State.PAUSED, Rates())


@pytest.mark.parametrize("output", ["softmax", "single"])
@pytest.mark.parametrize("names", [("cat", "dog"), ("person", "no person")])
def test_of_equal_probabilities_the_plane_and_what_was_said_agree(output: str, names: tuple[str, ...]) -> None:
    made = trainer(names, {"output": output})
    made.network.parameters.values[...] = 0
    made.finish_phase(Phase.LOSS)
    for example in range(2):
        frame = frame_of(made, example)
        assert frame.surface is not None
        assert frame.surface.classes is not None
        assert frame.points is not None
        assert frame.example.prediction is not None
        assert (frame.example.prediction == 0.5).all()
        assert (frame.surface.values == 0.5).all()
        said = frame.example.said
        assert (frame.surface.classes == said).all()
        assert said == (frame.task.positive_class if output == "single" else 0)
        text = "\n".join(strip.text for strip in ExamplePane().draw(frame, 60, 30))
        assert f"said {names[said]} {'✓' if said == frame.example.label else '✗'}" in text
        # The plane is neither one's colour.
        drawn = surface(frame.surface, frame.points, names, 40, 20, DARK)[:-2]
        blocks = {(s.style.color, s.style.bgcolor) for strip in drawn for s in strip if "▀" in s.text and s.style}
        zero = DARK.ground_blocks[LEVELS][LEVELS][1]
        assert blocks == {(zero.color, zero.bgcolor)}


@pytest.mark.parametrize(("output", "classes"), [("single", 2), ("softmax", 2), ("softmax", 3), ("softmax", 5)])
def test_smoothed_targets_are_printed_with_their_digits_and_the_mark_is_the_label_s(output: str, classes: int) -> None:
    names = ("ant", "bee", "cow", "dog", "eel")[:classes]
    made = trainer(names, {"output": output}, label_smoothing=0.1)
    made.finish_phase(Phase.LOSS)
    for example in range(classes):
        frame = frame_of(made, example)
        label, rows = frame.example.label, [strip.text for strip in PredictionPane().draw(frame, 50, 9)][1:]
        shown = names if output == "softmax" else names[1:]
        assert len(rows) == len(shown)
        for name, row in zip(shown, rows, strict=True):
            found = re.search(r"([\d.]+)( ◀)? *$", row)
            assert found, row
            wanted = 0.1 / classes + 0.9 * (names.index(name) == label)
            assert len(found[1].replace(".", "").lstrip("0")) >= 3, row
            assert float(found[1]) == pytest.approx(wanted, rel=1e-3)
            assert bool(found[2]) == (names.index(name) == label), row


@pytest.mark.parametrize(
    ("most", "told"), [(0.9, None), (0.5, None), (0.3, "to 0.5"), (0.06, "to 0.1"), (0.02, "to 0.02")]
)
@pytest.mark.parametrize("width", [40, 60, 100])
def test_bars_of_small_probabilities_end_near_the_largest_and_say_so(most: float, told: str | None, width: int) -> None:
    names = tuple(f"class {'abcdefghijklmnopqrstuvwxyz'[k % 26]}{k}" for k in range(50))
    made = trainer(names)
    made.finish_phase(Phase.LOSS)
    frame = frame_of(made)
    p = np.full(50, (1 - most) / 49)
    p[7] = most
    frame = replace(frame, example=replace(frame.example, prediction=p))
    header, *rows = (strip.text for strip in PredictionPane().draw(frame, width, 60))
    said = re.search(r"to (0\.\d+)", header)
    assert (said[0] if said else None) == told
    end = float(said[1]) if said else 1.0
    bars = [re.search(r"[█▏▎▍▌▋▊▉]*█|[▏▎▍▌▋▊▉]", row) for row in rows]
    longest = len(bars[7][0]) if bars[7] else 0
    room = width - len(names[49]) - 7 - 3 - 6
    assert longest == pytest.approx(room * most / end, abs=1)


@pytest.mark.parametrize("palette", [DARK, COLOURLESS], ids=["colours", "no colours"])
@pytest.mark.parametrize("count", [2, 3, 8, 70])
@pytest.mark.parametrize("width", [24, 38, 60, 140])
def test_the_legend_of_a_plane_names_its_classes_apart_and_counts_the_others(
    palette: Palette, count: int, width: int
) -> None:
    names = tuple(f"a very long name of class {chr(0x3041 + k)}" for k in range(count))
    view = SurfaceView(0, 1, ("x", "y"), (0.0, 0.0), (1.0, 1.0), np.zeros((4, 4), np.int16), np.ones((4, 4)), None)
    points = PointsView(np.full((1, 2), 0.5), np.zeros(1, np.int64), 1, 0)
    legend = surface(view, points, names, width, 20, palette)[-1].text
    assert cell_len(legend) == width
    told = set(re.findall(r"[ぁ-ゖゝ-ゟァ-ヺ]", legend))
    more = re.search(r"\+(\d+)", legend)
    assert len(told) + (int(more[1]) if more else 0) == count, legend
    assert len(told) >= min(count, width // 12), legend


def test_the_diagram_says_what_its_nodes_hold() -> None:
    made = trainer(("cat", "dog"), {"layers": "dense 3 relu"})
    seen = []
    for _ in range(len(made.engine.stages) + 1):
        seen.append(NetworkPane().caption(frame_of(made), 100, 20).subtitle)
        made.advance()
    depth = made.engine.depth
    forward, backward = [f"● {what} · blue + orange −" for what in ("output", "∂L/∂output")]
    assert seen == [*[forward] * (depth + 2), *[backward] * (depth + 1), forward]


@pytest.mark.parametrize(("right", "told"), [(2500, "100%"), (2499, "99.96%"), (1, "0.0400%"), (0, "0%")])
def test_all_are_right_only_where_all_are(right: int, told: str) -> None:
    made = trainer(("cat", "dog"))
    confusion: Array = np.array([[right, 2500 - right], [0, 0]])
    judgement = ClassJudgement(right, wilson(right, 2500), Commonest(0, 1.0), class_scores(confusion), None, None)
    report = messages.TestReport("test", made.dataset.task, 2500, 1, 0.1, right / 2500, confusion, (), judgement)
    text = test_screen.TestScreen(report, DARK)._score().plain
    assert text.startswith(f"{told} right  ({right:,} of 2,500 test examples)")
