"""What was left out of a source, and how it was read, is seen on screen from the first moment on."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from nnviz.data.drawn.pictures import write_folder
from nnviz.data.sources import find_source, suggested
from nnviz.experiment import combine
from nnviz.remote.messages import Order
from tests.tui.conftest import OpenApp


def of(order: Order, source: str) -> Order:
    """The order for another source, with its own network."""
    tables = {"data": {"source": source, "image_size": 8}}
    return replace(order, experiment=combine(suggested(find_source(source)), tables))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_what_was_left_out_is_counted_and_named(
    open_app: OpenApp, order: Order, tmp_path: Path, size: tuple[int, int]
) -> None:
    write_folder("pets", tmp_path / "mine" / "train", 20, 8)
    for name in ("unlabeled/1.png", "unlabeled/2.png", "lists.md"):
        path = tmp_path / "mine" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    async with open_app(size, of(order, str(tmp_path / "mine"))) as driver:
        assert " · 3 skipped" in driver.text().splitlines()[0]
        assert "Skipped 3 files: " in driver.text()
        await driver.press("u")
        assert " · 3 skipped" in driver.text().splitlines()[0]


async def test_a_namesake_of_the_built_in_examples_is_named(
    open_app: OpenApp, order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pets").mkdir()
    async with open_app((80, 24), of(order, "pets")) as driver:
        said = " ".join(line.strip("│ ") for line in driver.text().splitlines())
        assert "These are the built-in examples 'pets'; the folder of that name here is ./pets." in said


def many_notes(folder: Path) -> Path:
    """A table of which much is to be said: two splits, numbers as people write them, columns and rows left out."""
    rows = [
        f"{i};{1000 + i}-{i * 7};{i % 9},5 %;{'' if i % 7 else i};{'?' if i == 30 else 'ab'[i % 2]}" for i in range(90)
    ]
    for name, some in (("train.csv", rows[:60]), ("test.csv", ["1;2", *rows[60:]])):
        (folder / name).write_text("\n".join(["number;code;share;size;kind", *some, ""]))
    (folder / "about.md").write_text("what is here")
    return folder


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_all_that_is_said_of_the_data_can_be_read(
    open_app: OpenApp, order: Order, tmp_path: Path, size: tuple[int, int]
) -> None:
    experiment = combine({"data": {"source": str(many_notes(tmp_path))}})
    async with open_app(size, replace(order, experiment=experiment)) as driver:
        caveats = (await driver.press("f")).title.caveats
        assert len(caveats) >= 8
        await driver.press("r")
        assert "… press ? for more" in driver.text()
        await driver.press("question_mark")
        rows = driver.app.screen.query_one("#rows")
        left, top, width, height = rows.scrollable_content_region
        seen = []
        for y in range(0, rows.max_scroll_y + height, height):
            rows.scroll_to(y=y, animate=False)
            await driver.pilot.pause()
            page = driver.text().splitlines()[top : top + height]
            seen += [line[left : left + width] for line in page][-(rows.max_scroll_y + height - y) :]
        text = " ".join(" ".join(seen).split())
        assert "How the data were read" in text
        for caveat in caveats:
            assert caveat in text
        await driver.press("escape", "question_mark", "slash", *"share", "enter")
        assert "Read as numbers: share ('0,5 %' is 0.5)" in driver.text()


async def test_data_of_which_nothing_is_to_be_said_have_no_place_on_the_page(open_app: OpenApp) -> None:
    async with open_app((80, 24)) as driver:
        assert not (await driver.press("f")).title.caveats
        await driver.press("question_mark", "slash", *"were read", "enter")
        assert "How the data were read" not in driver.text()
