"""Whatever characters come from outside, the screen and its exported picture stay whole."""

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image
from rich.console import Console

from nnviz.data.sources import find_source, suggested
from nnviz.errors import InputError
from nnviz.experiment import combine
from nnviz.frame.task import Targets, Task
from nnviz.insight.score_words import number_rows
from nnviz.remote.messages import Order
from nnviz.scores.distance import Distance
from nnviz.training.judgement import NumberJudgement
from nnviz.tui.drawing.row_table import RowTable
from tests.hostile_text import HOSTILE
from tests.tui.conftest import TABLES, Driver, OpenApp
from tests.tui.whole import faults, pictured

# Through the stages, an epoch, other layers and quantities, the pages, and what is shown of it all at once.
KEYS = ("f", "b", "[", "w", "u", "e", "2", "m", "m", "x", "ctrl+p", "escape", "question_mark", "escape", "t")


async def _stays_whole(driver: Driver, keys: tuple[str, ...] = KEYS) -> None:
    for key in keys:
        await driver.press(key)
        assert faults(driver.app) == [], key
        pictured(driver.app)


def _order(order: Order, source: Path) -> Order:
    training = {"training": {"batch_size": 7, "learning_rate": 0.01}, "stopping": {"epochs": 50}}
    network = {"data": {"source": str(source)}, "network": {"layers": "dense 4 relu"}}
    return replace(order, experiment=combine(suggested(find_source(str(source))), network, training))


@pytest.fixture
def of_classes(order: Order, tmp_path: Path) -> Order:
    names = [text.encode(errors="replace").decode() for text in HOSTILE.values()]
    classes = np.arange(66) % len(names)
    np.savez(tmp_path / "a.npz", x=np.random.default_rng(0).random((66, 3)), y=classes, class_names=names)
    return _order(order, tmp_path / "a.npz")


@pytest.fixture
def of_headers(order: Order, tmp_path: Path) -> Order:
    """A table may hold an escape, but most other characters below the space are refused."""
    names = [re.sub(r"[\0-\x08\x0e-\x1a\x1c-\x1f]", "", text) for text in HOSTILE.values()]
    with (tmp_path / "a.csv").open("w", newline="", encoding="utf-8", errors="replace") as file:
        rows = [[(i * k) % 17 for k in range(len(names))] for i in range(40)]
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([names, *rows])
    return _order(order, tmp_path / "a.csv")


@pytest.fixture
def of_files(order: Order, tmp_path: Path) -> Order:
    """Folders, files and the source itself."""
    source = tmp_path / HOSTILE["sequences"].replace("/", "")
    for kind in ("C0", "turned", "markup", "wide"):
        name = HOSTILE[kind].replace("/", "").replace("\x00", "")[:60]
        (source / name).mkdir(parents=True)
        for i in range(5):
            Image.new("RGB", (8, 8), (30 * i, 90, 200)).save(source / name / f"{i}{name}.png")
        (source / name / f"broken{name}.png").write_bytes(b"none")
    return replace(order, experiment=combine(TABLES, {"data": {"source": str(source)}}))


@pytest.fixture
def of_texts(order: Order, tmp_path: Path) -> Order:
    source = tmp_path / "texts"
    for name in ("good", "bad"):
        (source / name).mkdir(parents=True)
        for kind, text in HOSTILE.items():
            (source / name / f"{kind}.txt").write_text(f"{name} {text} {name}\n", encoding="utf-8", errors="replace")
    return _order(order, source)


@pytest.mark.parametrize(
    ("kind", "size"),
    [("of_classes", (80, 24)), ("of_headers", (160, 48)), ("of_files", (80, 24)), ("of_texts", (160, 48))],
)
async def test_names_and_texts_of_a_source_tear_no_screen(
    open_app: OpenApp, kind: str, size: tuple[int, int], request: pytest.FixtureRequest
) -> None:
    async with open_app(size, request.getfixturevalue(kind)) as driver:
        assert "�" in repr((driver.frame.task.class_names, driver.frame.example))
        await _stays_whole(driver)


def test_a_target_that_is_called_like_markup_is_called_so_on_the_page_of_a_test() -> None:
    names = ("[/b]", "[red]x", "[@click=app.leave]x[/]")
    targets = tuple(Distance(name, 1.0, 2.0) for name in names)
    task = Task((3,), (), 3, Targets(names, (0.0,) * 3, (1.0,) * 3))
    rows = number_rows(NumberJudgement(targets, targets, (0.5, 0.0, None)), task.output_names(3))
    console = Console(width=120, file=io.StringIO(), record=True)
    console.print(RowTable(rows))
    said = console.export_text()
    assert all(name in said for name in names)


@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_failure_tears_no_screen_and_its_markup_is_text(
    open_app: OpenApp, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app() as driver:

        def fail() -> None:
            raise InputError(f"{HOSTILE[kind]}: cannot be read")

        monkeypatch.setattr(driver.app.link.trainer, "receive", fail)
        await _stays_whole(driver, ("f",))
        await driver.pilot.pause()
        assert faults(driver.app) == []
        if kind == "markup":
            assert "[/b][bold red]x[/]" in driver.text()
            assert "[@click" in driver.text()
