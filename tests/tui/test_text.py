"""A text on screen: wrapped, marked, with its strongest n-grams; and the worst mistakes as texts."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len
from textual.pilot import Pilot

from nnviz.data.sources import find_source, suggested
from nnviz.experiment import combine
from nnviz.frame.example_view import NGramView, TextView
from nnviz.remote.client import LocalTrainer
from nnviz.remote.messages import Order
from nnviz.tui.app import NnvizApp
from nnviz.tui.drawing.palette import DARK
from nnviz.tui.drawing.text import bars, marked_text, wrapped
from nnviz.wording import percent
from tests.tui.conftest import OpenApp

SnapCompare = Callable[..., bool]


async def _ready(pilot: Pilot[object]) -> None:
    await pilot.app.ready.wait()  # type: ignore[attr-defined]
    await pilot.pause()


@pytest.fixture
def language(order: Order) -> Order:
    """In float64 the last digits, which differ from processor to processor, are far from those that are shown."""
    tables = {"data": {"source": "language"}, "training": {"dtype": "float64"}}
    return replace(order, experiment=combine(suggested(find_source("language")), tables))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_text_stands_above_its_strongest_ngrams(
    open_app: OpenApp, language: Order, size: tuple[int, int]
) -> None:
    async with open_app(size, language) as driver:
        frame = await driver.press("e", "2", "f")
        shown = driver.text()
        view = frame.example.text
        assert view is not None
        assert view.text.split()[0] in shown
        assert "underlined: moves dense1 most" in shown
        for ngram in view.strongest[:3]:
            assert ngram.name in shown


async def test_inputs_are_named_where_there_is_room(open_app: OpenApp, language: Order) -> None:
    async with open_app((200, 50), language) as driver:
        frame = await driver.press("f")
        assert frame.input.names
        assert frame.input.names[0][:8] in driver.text()
        assert not any(" +" in name for name in frame.input.names)
        assert any(" +" in name for name in frame.example.feature_names)


async def test_the_worst_mistakes_are_texts(open_app: OpenApp, language: Order) -> None:
    async with open_app((120, 40), language) as driver:
        await driver.press("u", "t")
        assert "portuguese" in driver.text()
        await driver.press("3")
        shown = driver.text()
        worst = shown[shown.index("▶ ") :]
        trainer = driver.app.link.trainer.service.session.trainer  # type: ignore[attr-defined]
        test, names = trainer.dataset.test, trainer.dataset.class_names
        chances = trainer.predict(test.inputs)
        said, sure = chances.argmax(axis=1), chances.max(axis=1)
        of_label = chances[np.arange(len(said)), test.labels]
        place = int(np.where(said == test.labels, 1, of_label).argmin())
        # The one with the highest loss comes first.
        assert " ".join(test.texts[place].split()[:4]) in worst.splitlines()[2]
        assert f"said {names[said[place]]} {percent(sure[place])}" in worst


@given(st.text(st.characters(categories=["L", "M", "N", "Zs"]), max_size=60), st.integers(2, 20))
def test_lines_are_no_wider_and_nothing_is_lost(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(cell_len(text[start:end]) <= width for start, end in lines)
    covered = {place for start, end in lines for place in range(start, end)}
    assert all(text[place] == " " for place in set(range(len(text))) - covered)


@given(st.text(st.sampled_from("ab çあ"), max_size=99), st.integers(1, 40), st.integers(0, 14), st.integers(0, 9))
def test_any_text_fits_in_its_place(text: str, width: int, height: int, more: int) -> None:
    marks = np.linspace(0, 1, len(text), dtype=np.float32)
    view = TextView(text, more, marks, (NGramView("'ab'", 3, 2.5), NGramView('"あ"', 1, 0.0)))
    strips = marked_text(view, "dense1", width, height, DARK)
    assert len(strips) <= height
    assert {strip.cell_length for strip in strips} <= {width}


def test_counts_are_whole_and_do_not_touch_the_bars() -> None:
    ngrams = tuple(NGramView("'ab'", count, 1.0) for count in (3, 12, 255))
    told = ["".join(segment.text for segment in strip) for strip in bars(ngrams, 40, DARK)]
    assert [text[:13] for text in told] == ["'ab' ×3    ██", "'ab' ×12   ██", "'ab' ×255+ ██"]


def test_marks_are_seen_without_colours() -> None:
    marks = np.array([0, 0, 0, 0.2, 0.2, 0.2, 1, 1, 1], np.float32)
    (line, *_) = marked_text(TextView("onetwosix", 0, marks, ()), "dense1", 12, 3, DARK)
    styles = {segment.text.strip(): segment.style for segment in line if segment.text.strip()}
    assert [bool(style and style.underline) for style in styles.values()] == [False, True, True]
    assert [bool(style and style.bold) for style in styles.values()] == [False, False, True]


@pytest.mark.parametrize(("size", "keys"), [((80, 24), "2 f"), ((120, 40), "f b"), ((200, 50), "f")])
def test_language(snap_compare: SnapCompare, language: Order, size: tuple[int, int], keys: str) -> None:
    app = NnvizApp(LocalTrainer(language), "language")
    assert snap_compare(app, press=keys.split(), terminal_size=size, run_before=_ready)


def test_language_without_colours(snap_compare: SnapCompare, language: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = NnvizApp(LocalTrainer(language), "language")
    assert snap_compare(app, press=["f"], terminal_size=(120, 40), run_before=_ready)
