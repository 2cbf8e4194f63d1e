"""An example is shown as the user's own function shows it, and what is wrong in that is told and harms nothing."""

import itertools
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import nnviz.live  # noqa: E402
from nnviz.errors import InputError  # noqa: E402
from nnviz.frame.example_view import ExampleView  # noqa: E402
from nnviz.frame.focus import Focus  # noqa: E402
from nnviz.frame.frame import Frame  # noqa: E402
from nnviz.live.own_example import Shows  # noqa: E402
from nnviz.live.watched_training import Watch  # noqa: E402
from nnviz.tui.panes.example import ExamplePane, _input_at  # noqa: E402
from tests.live.programs import PROGRAMS, Hand, labels  # noqa: E402

pytestmark = pytest.mark.live
TOKENS = torch.arange(12 * 3).reshape(12, 3) + 2**24
"""More than float32 can count."""


class Bag(nn.Module):
    """Of tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.head = nn.Embedding(50, 4), nn.Linear(4, 4)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.head(self.words(tokens - 2**24).mean(1))


def seen(example: Shows, place: int = 3, classes: tuple[str, ...] = ()) -> Frame:
    """The frame of a step of a model of tokens."""
    torch.manual_seed(0)
    model = Bag()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    clock = itertools.count(step=10_000)
    watch = Watch(model, [optimizer], "bag", None, lambda: float(next(clock)), example=example, classes=classes)
    watch.screen.attach(True)
    nn.functional.cross_entropy(model(TOKENS), labels(0)).backward()
    optimizer.step()
    watch.screen.focus = Focus(place, 0)
    frame = watch.screen.view(None)
    assert watch.shared.guard.fault is None
    assert isinstance(frame, Frame)
    watch.close()
    return frame


def test_what_the_function_is_given() -> None:
    calls = []

    def shows(inputs: Any, targets: Any, place: int) -> str:
        calls.append((inputs, targets, place))
        return "a text"

    seen(shows, place=14)
    ((inputs, targets, place),) = calls
    assert inputs.dtype == np.int64
    np.testing.assert_array_equal(inputs, TOKENS.numpy())
    np.testing.assert_array_equal(targets, labels(0).numpy())
    assert place == 2
    with pytest.raises(ValueError, match="read-only"):
        inputs[0] = 0


def drawn(frame: Frame) -> list[str]:
    return [strip.text for strip in ExamplePane().draw(frame, 40, 12)]


def test_texts_features_rows_and_pictures() -> None:
    def shown(given: Any) -> ExampleView:
        return seen(lambda *_: given).example

    assert shown("it was\n\x1b a film").text.text == "it was � a film"
    assert shown("word " * 1000).text.more == 5000 - 800
    named = shown({"age": 31, "height": np.float32(1.5)})
    assert named.feature_names == ("age", "height")
    assert named.features is not None
    assert named.features.tolist() == [31, 1.5]
    assert named.is_own
    assert shown(np.arange(5)).features.tolist() == [0, 1, 2, 3, 4]
    grey = shown(np.array([[0.0, 1.0], [0.5, np.nan]]))
    np.testing.assert_array_equal(grey.pixels[:, :, 0], [[0, 255], [127, 0]])
    coloured = np.arange(300 * 4 * 3, dtype=np.uint8).reshape(300, 4, 3)
    np.testing.assert_array_equal(shown(coloured).pixels, coloured[::3, ::3])


def test_the_pane_draws_it() -> None:
    assert any("a film" in line for line in drawn(seen(lambda *_: "a film")))
    rows = drawn(seen(lambda *_: {"age": 31, "height": 1.5}, classes=("ant", "bee", "cat", "dog")))
    assert [row.split()[:2] for row in rows[:2]] == [["age", "31"], ["height", "1.5"]]
    said = labels(0)[3]
    assert ("ant", "bee", "cat", "dog")[said] in rows[-2]
    # What stands there is not a number of the input: nothing to be chosen.
    assert _input_at(seen(lambda *_: {"age": 31}), 40, 10, 3, 0) is None


@pytest.mark.parametrize("given", [None, {}, np.zeros((2, 2, 5)), np.array(["a"]), {"age": "old"}, 3])
def test_what_cannot_be_shown_is_told(given: object) -> None:
    text = seen(lambda *_: given).example.text
    assert text is not None
    assert text.text.startswith("example= of watch failed: ")


def test_a_fault_is_told() -> None:
    def fails(*_: object) -> str:
        raise KeyError("age")

    text = seen(fails).example.text
    assert text is not None
    assert text.text == "example= of watch failed: KeyError: 'age'"


def test_names_of_classes() -> None:
    names = ("ant", "bee", "cat", "dog")
    assert seen(lambda *_: "x", classes=names).task.class_names == names
    frame = seen(lambda *_: "x", classes=("ant", "bee"))
    assert frame.task.class_names == tuple(f"class {k}" for k in range(4))
    assert "watch was told the names of 2 classes, and there are 4." in frame.title.caveats
    made = PROGRAMS["mlp"]()
    for wrong in ("ant", ["ant", "ant"], [1, 2]):
        with pytest.raises(InputError, match="classes= is a list with the name of each class"):
            nnviz.live.watch(made.model, made.optimizers, classes=wrong)
    with pytest.raises(InputError, match="example= is a function"):
        nnviz.live.watch(made.model, made.optimizers, example="text")
    made.step(Hand(made.model), 0)
